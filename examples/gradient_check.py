"""A backward pass written by hand, compared with exact derivatives, and the derivation's own proof."""

from pathlib import Path

import numpy as np

import symbackprop as sb

network = sb.Network.read(Path(__file__).parent / "two-input.toml")
derivation = sb.derive(network)
print(derivation.prove())


def by_hand(parameters, inputs, targets):
    """The gradients of the two-input network, as one would write them."""
    hidden = 1 / (1 + np.exp(-(parameters["W1"] @ inputs + parameters["b1"])))
    out = 1 / (1 + np.exp(-(parameters["W2"] @ hidden + parameters["b2"])))
    delta_out = (out - targets) * out * (1 - out)
    delta_hidden = (parameters["W2"].T @ delta_out) * hidden * (1 - hidden)
    return {"W1": np.outer(delta_hidden, inputs), "W2": np.outer(delta_out, hidden)}


values = derivation.evaluate()
parameters = {f"{kind}{layer}": np.array(values[f"{kind.lower()}[{layer}]"]) for kind in "Wb" for layer in (1, 2)}
found = by_hand(parameters, np.array(values["x"][0]), np.array(values["t"][0]))
for layer in (1, 2):
    exact = np.array(values[f"dE/dw[{layer}]"])
    print(f"layer {layer}: largest difference {abs(found[f'W{layer}'] - exact).max():.1e}")
