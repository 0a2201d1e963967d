"""The table of mistakes: each with its name, its sentence and how it is made. More specific ones stand first."""

from __future__ import annotations

from collections.abc import Mapping

from symbackprop.catalogue.entries import table
from symbackprop.catalogue.mistakes import backward, forward, gradients, heads, paths, slopes, updates
from symbackprop.catalogue.mistakes.entries import Mistake

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"

MISTAKES: Mapping[str, Mistake] = table(
    # Where the error enters
    Mistake("sign of the loss's slope", "target - out stands where out - target belongs", heads.sign_of_loss_slope),
    Mistake("target left out", "the target is not subtracted from the output", heads.target_left_out),
    Mistake(
        "targets in a wrong order", "an output is compared with another output's target", heads.target_of_other_unit
    ),
    Mistake("factor 2", "the loss's slope is twice as large as it should be", heads.doubled),
    Mistake("factor 1/2", "the loss's slope is half as large as it should be", heads.halved),
    Mistake(
        "mean missing",
        "the gradients are summed over the observations, and the loss is their mean",
        heads.mean_missing,
    ),
    Mistake("mean twice", "the gradients are divided by the number of observations twice", heads.mean_twice),
    Mistake(
        "mean for sum",
        "the gradients are averaged over the observations, and the loss is their sum",
        heads.mean_for_sum,
    ),
    Mistake(
        "mean over outputs missing",
        "the loss is a mean over the outputs, and its slope lacks the division",
        heads.output_mean_missing,
    ),
    Mistake(
        "mean over outputs for sum",
        "the loss's slope is divided by the number of outputs, and the loss is their sum",
        heads.output_mean_for_sum,
    ),
    Mistake(
        "error for the loss's slope",
        "out - target alone stands where the loss's slope, with its factor and means, belongs",
        heads.error_alone,
    ),
    Mistake(
        "loss's slope left out",
        "delta of the output layer is the activation's slope alone, without the loss's",
        slopes.loss_slope_left_out,
    ),
    Mistake(
        "softmax elementwise",
        "softmax is treated as if each output depended on its own net only",
        heads.softmax_elementwise,
    ),
    Mistake(
        "slope applied twice",
        "out - target is the whole delta here, and the activation's slope is applied to it again",
        heads.slope_after_fused,
    ),
    # The slope of the activation
    Mistake("slope left out", "the activation's slope is left out of delta", slopes.slope_left_out),
    Mistake("mask left out", "the mask of the units that are off is left out of delta", slopes.mask_left_out),
    Mistake("mask of another layer", "the mask is that of another layer", slopes.mask_of_other_layer),
    Mistake("slope of another layer", "the activation's slope is that of another layer", slopes.slope_of_other_layer),
    Mistake(
        "error overwritten",
        "delta is the slope or mask alone: what was sent back is overwritten, not multiplied",
        slopes.upstream_left_out,
    ),
    Mistake(
        "slope at net",
        "the slope is written in terms of the output, and net is put in its place",
        slopes.slope_at_net,
    ),
    Mistake("slope at out", "the slope's function takes net, and the output is put in its place", slopes.slope_at_out),
    Mistake("slope squared", "the activation's slope is multiplied twice", slopes.slope_squared),
    Mistake("function for slope", "the activation itself stands where its slope belongs", slopes.function_for_slope),
    Mistake(
        "divided by slope", "the error is divided by the activation's slope, not multiplied", slopes.divided_by_slope
    ),
    # From one layer to the one before
    Mistake(
        "updated weights", "the weights after their update are used to send the error back", backward.updated_weights
    ),
    Mistake(
        "own path only",
        "each hidden unit gets back only what one output of its own number sends: the sum over the outputs is missing",
        backward.own_path_only,
    ),
    Mistake("path left out", "what one unit of the next layer sends back is left out", backward.path_left_out),
    Mistake(
        "one path only",
        "only one unit of the next layer sends its error back: the sum over them is missing",
        backward.only_one_path,
    ),
    Mistake(
        "weights not transposed",
        "the error is sent back through W where its transpose belongs",
        backward.not_transposed,
    ),
    Mistake("weights left out", "the error is sent back without the weights", backward.weights_left_out),
    Mistake(
        "weights of another layer",
        "the error is sent back through another layer's weights",
        backward.weights_of_other_layer,
    ),
    Mistake(
        "error before the slope",
        "what is sent back is the next layer's dE/dout, not its delta: its slope is missing on the way",
        backward.error_before_slope,
    ),
    Mistake("deltas in a wrong order", "the weights meet the delta of another unit", backward.deltas_in_wrong_order),
    Mistake(
        "bias column kept",
        "the bias column stays in front of the weights, so that each unit gets its neighbour's column",
        backward.bias_column_kept,
    ),
    Mistake(
        "bias sent back",
        "the bias is added to the weights that the error is sent back through",
        backward.bias_sent_back,
    ),
    Mistake("sign of a delta", "the sign of one layer's delta is turned", backward.sign_of_delta),
    # Programs, tied parameters
    Mistake(
        "use dropped",
        "one use of a parameter that is used several times is left out of its gradient",
        paths.use_dropped,
    ),
    Mistake("term left out", "one of the paths that lead back is left out", paths.term_left_out),
    Mistake("sign of a term", "one of the paths that lead back has its sign turned", paths.sign_of_term),
    Mistake(
        "not carried back",
        "the error is not carried back beyond here, as if what lies before were a constant",
        paths.not_carried_back,
    ),
    Mistake("link left out", "a local derivative is left out of the chain", paths.link_left_out),
    Mistake("sign of an adjoint", "the sign of one derivative on the way back is turned", paths.sign_of_adjoint),
    Mistake("adjoint doubled", "one derivative on the way back is counted twice", paths.adjoint_doubled),
    # Gradients of weights
    Mistake(
        "input left out",
        "the gradient of the weights is delta alone, without the layer's input",
        gradients.input_left_out,
    ),
    Mistake(
        "delta left out",
        "the gradient of the weights is the layer's input alone, without delta",
        gradients.delta_left_out,
    ),
    Mistake("rows and columns exchanged", "the gradient of the weights is transposed", gradients.transposed),
    Mistake(
        "net for out",
        "the gradient of the weights uses the net of the layer before, not its output",
        gradients.net_for_out,
    ),
    Mistake(
        "values of another layer",
        "the gradient of the weights uses another layer's values",
        gradients.values_of_other_layer,
    ),
    Mistake("delta of another layer", "the gradient uses another layer's delta", gradients.delta_of_other_layer),
    Mistake(
        "value of another unit", "the gradient of the weights uses another unit's value", gradients.value_of_other_unit
    ),
    Mistake("delta of another unit", "the gradient uses another unit's delta", gradients.delta_of_other_unit),
    Mistake(
        "value of another observation",
        "the gradient pairs a delta with another observation's value",
        gradients.value_of_other_observation,
    ),
    Mistake(
        "one observation only",
        "the gradient is that of one observation: the others are not added",
        gradients.first_observation_only,
    ),
    Mistake(
        "divided by the input", "delta is divided by the layer's input, not multiplied", gradients.divided_by_input
    ),
    Mistake(
        "weight gradient averaged",
        "the gradient of the weights is averaged over the observations once too often",
        gradients.weight_gradient_averaged,
    ),
    Mistake(
        "mean missing in one gradient",
        "this gradient is summed over the observations, and the loss is their mean",
        gradients.gradient_summed,
    ),
    # Gradients of biases
    Mistake(
        "shared bias counted once",
        "a bias that several units share gets one unit's delta, not the sum of them",
        gradients.shared_bias_once,
    ),
    Mistake(
        "shared bias averaged",
        "a bias that several units share gets their deltas' mean, not their sum",
        gradients.shared_bias_averaged,
    ),
    Mistake(
        "bias gradient averaged",
        "the gradient of the biases is averaged over the observations once too often",
        gradients.bias_gradient_averaged,
    ),
    Mistake(
        "bias gradient summed", "each unit's bias gets the sum of all units' deltas", gradients.bias_gradient_summed
    ),
    Mistake(
        "bias gradient times the input",
        "the gradient of the biases is multiplied by an input of the layer",
        gradients.bias_gradient_times_input,
    ),
    Mistake(
        "bias gradient before the slope",
        "the gradient of the biases is dE/dout: the activation's slope is missing",
        gradients.bias_gradient_before_slope,
    ),
    Mistake("bias gradient forgotten", "the gradient of the biases is 0", gradients.bias_gradient_forgotten),
    # Penalties
    Mistake("penalty forgotten", "the penalty's share of the gradient is missing", gradients.penalty_forgotten),
    Mistake("sign of the penalty", "the penalty's share of the gradient has its sign turned", gradients.penalty_sign),
    Mistake(
        "penalty doubled",
        "the penalty's share of the gradient is twice as large as it should be",
        gradients.penalty_doubled,
    ),
    Mistake(
        "penalty halved",
        "the penalty's share of the gradient is half as large as it should be",
        gradients.penalty_halved,
    ),
    Mistake(
        "mean of the penalty",
        "the penalty is divided by the number of observations, or not, the wrong way",
        gradients.penalty_mean,
    ),
    Mistake("penalty on biases", "the biases are penalised too", gradients.penalty_on_biases),
    # Any gradient
    Mistake("sign of a gradient", "the sign of one gradient is turned", gradients.sign_of_gradient),
    Mistake("gradient doubled", "one gradient is twice as large as it should be", gradients.gradient_doubled),
    Mistake("gradient halved", "one gradient is half as large as it should be", gradients.gradient_halved),
    Mistake(
        "step for gradient",
        "the learning rate is multiplied in: these are steps, not gradients",
        gradients.step_for_gradient,
    ),
    Mistake(
        "new values for gradients",
        "these are the parameters after their update, not their gradients",
        gradients.new_value_for_gradient,
    ),
    # The forward pass
    Mistake("bias left out", "the bias is not added to net", forward.bias_left_out, FORWARD),
    Mistake("bias subtracted", "the bias is subtracted from net", forward.bias_subtracted, FORWARD),
    Mistake(
        "activation left out",
        "net is taken for the output: the activation is not applied",
        forward.activation_left_out,
        FORWARD,
    ),
    Mistake("sign in the activation", "the activation is taken of -net", forward.sign_in_activation, FORWARD),
    Mistake(
        "weights transposed", "the weights are used with rows and columns exchanged", forward.weights_turned, FORWARD
    ),
    Mistake("biases in a wrong order", "a unit gets another unit's bias", forward.bias_of_other_unit, FORWARD),
    Mistake("net into the next layer", "the next layer gets net, not the output", forward.net_into_next_layer, FORWARD),
    Mistake(
        "old parameters",
        "the second forward pass uses parameters of before the update",
        forward.old_parameters,
        FORWARD,
    ),
    Mistake("old values", "the second forward pass uses the outputs of the first", forward.old_values, FORWARD),
    Mistake("loss doubled", "the loss is twice as large: a factor 1/2 is forgotten", forward.loss_doubled, FORWARD),
    Mistake("loss halved", "the loss has a factor 1/2 that does not belong to it", forward.loss_halved, FORWARD),
    Mistake(
        "logarithm to another base",
        "the loss has logarithms to another base than e",
        forward.logarithm_to_another_base,
        FORWARD,
    ),
    Mistake(
        "mean or sum in the loss",
        "the loss has a mean where a sum belongs, or a sum where a mean belongs",
        forward.loss_reductions,
        FORWARD,
    ),
    Mistake(
        "targets exchanged in the loss",
        "an output is compared with another output's target in the loss",
        forward.target_of_other_unit,
        FORWARD,
    ),
    Mistake("penalty left out", "the penalty is not added to the loss", forward.penalty_left_out, FORWARD),
    # The update
    Mistake("step added", "the step goes along the gradient, not against it", updates.step_added, UPDATE),
    Mistake("rate left out", "the gradient is subtracted without the learning rate", updates.rate_left_out, UPDATE),
    Mistake("rate twice", "the learning rate is multiplied twice", updates.rate_twice, UPDATE),
    Mistake("rate doubled", "the step is twice as long as it should be", updates.rate_doubled, UPDATE),
    Mistake("not updated", "the parameter keeps its old value", updates.not_updated, UPDATE),
    Mistake(
        "step in place of the value", "the new value is the step alone", updates.gradient_in_place_of_value, UPDATE
    ),
    Mistake(
        "momentum's sign",
        "the gradient is subtracted from the velocity, and the velocity from the value",
        updates.momentum_sign,
        UPDATE,
    ),
    Mistake("momentum left out", "the velocity forgets what it was", updates.momentum_left_out, UPDATE),
    Mistake("old state", "the step uses the optimiser's state of before it", updates.old_state, UPDATE),
    Mistake(
        "bias correction missing",
        "the running means are not corrected for their start at 0",
        updates.correction_missing,
        UPDATE,
    ),
    Mistake(
        "steps counted from 0",
        "the steps are counted from 0, so that the first correction divides by 0",
        updates.counted_from_zero,
        UPDATE,
    ),
    Mistake("epsilon left out", "epsilon is not added to the root", updates.epsilon_left_out, UPDATE),
    Mistake(
        "epsilon in the wrong place",
        "epsilon is added inside the root where it belongs outside, or the other way round",
        updates.epsilon_moved,
        UPDATE,
    ),
    Mistake("root left out", "the step is divided by the mean square, not by its root", updates.root_left_out, UPDATE),
    Mistake(
        "gradient not squared",
        "the mean of the gradients stands where that of their squares belongs",
        updates.gradient_not_squared,
        UPDATE,
    ),
    Mistake(
        "decay's weights exchanged",
        "the decay and one minus the decay are exchanged",
        updates.weights_of_decay_exchanged,
        UPDATE,
    ),
)
