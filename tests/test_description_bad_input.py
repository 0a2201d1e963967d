"""Every description that cannot be used is refused with the place and the way out, soon, and nothing is executed."""

# ruff: noqa: E501  the tables have a case a line

import numpy as np
import pytest

from symbackprop.errors import DescriptionError
from symbackprop.network import Dense, Network
from tests.descriptions import GOOD, PROGRAM, SECONDS
from tests.running import quick


def changed(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new, 1)


def refusal(text: str) -> str:
    with quick(SECONDS), pytest.raises(DescriptionError) as caught:
        Network.parse(text, source="net.toml")
    message = str(caught.value)
    assert all(line.startswith("net.toml: ") for line in message.splitlines())
    assert len(message) < 2_500
    return message


def test_the_descriptions_that_are_bent_below_are_good():
    assert Network.parse(GOOD).layers[1].units == 2
    assert Network.parse(PROGRAM).result == "f"


# fmt: off
WRONG = {
    # types
    "units as text": ("units = 3", 'units = "3"', "layers[0].units: ", "allowed: a whole number"),
    "units as float": ("units = 3", "units = 3.0", "layers[0].units: ", "the number 3.0"),
    "units as boolean": ("units = 3", "units = true", "layers[0].units: ", "is true; allowed: a whole number"),
    "no units": ("units = 3", "units = 0", "layers[0].units: ", "allowed: at least 1"),
    "title as number": ('title = "good"', "title = 1", "title: ", "allowed: a text in quotes"),
    "title as date": ('title = "good"', "title = 1979-05-27", "title: ", "a date"),
    "weights as number": ("weights = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", "weights = 1", "layers[0].weights: ", "a list"),
    "a boolean weight": ("[0.3, 0.4]", "[0.3, true]", "layers[0].weights[1][1]: ", "allowed: a number or a parameter's name"),
    "a list as weight": ("[0.3, 0.4]", "[0.3, [1]]", "layers[0].weights[1][1]: ", "is a list"),
    "a row that is none": ("[[0.1, 0.2], [0.3, 0.4]", "[[0.1, 0.2], 0.3", "layers[0].weights[1]: ", "a list of numbers"),
    "inputs as one row": ("[[0.05, 0.10]]", "[0.05, 0.10]", "inputs.values: ", "[[0.05, 0.10]]"),
    "activation as number": ('activation = "sigmoid"', "activation = 3", "layers[0].activation: ", "leaky_relu"),
    "inputs as list": ("[inputs]\nvalues = [[0.05, 0.10]]", "inputs = [[0.05, 0.10]]", "inputs: ", "a table, [inputs]"),
    "trainable as number": ("units = 3", "units = 3\ntrainable = 1", "layers[0].trainable: ", "true or false"),
    # keys
    "an unknown key": ("units = 3", "unit = 3", "layers[0].unit: ", "did you mean units?"),
    "an unknown section": ("[targets]", "[target]", "target: ", "did you mean targets?"),
    "an unknown key in a table within": ("units = 3", "units = 3\ntrainable = {weight = true}", "trainable.weight: ", "weights"),
    "a missing key": ("units = 3\n", "", "layers[0].units: missing; ", "units = 2"),
    "no activation": ('activation = "sigmoid"\n', "", "layers[0].activation: missing; ", 'activation = "sigmoid"'),
    "no loss": ('[loss]\nname = "squared_error"', "", "loss: missing; ", '[loss] with name = "squared_error"'),
    "a loss without name": ('[loss]\nname = "squared_error"', "[loss]", "loss: ", "neither name and formula"),
    "no learning rate": ("learning_rate = 0.5", "", "update.learning_rate: missing; ", "learning_rate = 0.5"),
    "format of the future": ('title = "good"', "format = 2", "format: is the number 2; ", "allowed: 1"),
    # a top-level key that landed inside a table
    "observations in inputs": ("[[0.05, 0.10]]", '[[0.05, 0.10]]\nobservations = "n"', "inputs.observations: ", "at the top of the file"),
    "weights_order in a layer": ("units = 3", 'units = 3\nweights_order = "from_to"', "layers[0].weights_order: ", "before the first [table]"),
    "title in update": ("learning_rate = 0.5", 'learning_rate = 0.5\ntitle = "a"', "update.title: ", ""),
    "title in parameters": ("[update]", '[parameters]\ntitle = "a"\n[update]', "parameters.title: ", "at the top of the file"),
    "the rate in the loss": ('name = "squared_error"', 'name = "squared_error"\nlearning_rate = 1', "loss.learning_rate: ", "belongs in [update]"),
    "over_observations at the top": ('title = "good"', 'over_observations = "sum"', "over_observations: ", "belongs in [loss]"),
    # shapes
    "too few rows": ("[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", "[[0.1, 0.2]]", "layers[0].weights: has 1 row; wanted: 3", "one for each unit"),
    "a short row": ("[0.3, 0.4]", "[0.3]", "layers[0].weights[1]: has 1 number; wanted: 2", "one from each input"),
    "a short row in the second layer": ("[[0.1, 0.2, 0.3]", "[[0.1, 0.2]", "layers[1].weights[0]: has 2 numbers; wanted: 3", ""),
    "weights the other way round": ("[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", "[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]", "layers[0].weights[0]: ", 'weights_order = "from_to"'),
    "a long bias": ("[0.1, 0.2, 0.3]\n", "[0.1, 0.2, 0.3, 0.4]\n", "layers[0].bias: has 4 numbers; wanted: 3", "shared by all"),
    "a long target": ("[[0.01, 0.99]]", "[[0.01, 0.99, 0.5]]", "targets.values[0]: has 3 numbers; wanted: 2", ""),
    "ragged inputs": ("[[0.05, 0.10]]", "[[0.05, 0.10], [1]]", "inputs.values[1]: has 1 number; wanted: 2", ""),
    "more inputs than targets": ("[[0.05, 0.10]]", "[[0.05, 0.10], [1, 2]]", "targets: has 1 row, but inputs has 2 rows", ""),
    "names that do not fit": ("values = [[0.05", 'names = ["a"]\nvalues = [[0.05', "inputs.values[0]: has 2 numbers; wanted: 1", "inputs.names"),
    "both values and classes": ("values = [[0.01, 0.99]]", "values = [[0.01, 0.99]]\nclasses = [1]", "targets: ", "both"),
    "a class that is no output": ("values = [[0.01, 0.99]]", "classes = [2]", "targets.classes[0]: is the number 2; ", "0 to 1"),
    "too many layers' worth": ("units = 3", "units = 10000000", "layers[0].units: ", "at most 1,000,000"),
    "observations with values": ('title = "good"', 'observations = "n"', "observations: is the symbol 'n'", "have values"),
    "observations that differ": ('title = "good"', "observations = 3", "observations: is 3, but ", "1 row"),
    # empty lists
    "no inputs": ("[[0.05, 0.10]]", "[]", "inputs.values: is empty", "leave it out"),
    "an empty row": ("[[0.05, 0.10]]", "[[]]", "inputs.values[0]: is empty", "at least one"),
    "no weights": ("weights = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", "weights = []", "layers[0].weights: is empty", ""),
    "no bias": ("bias = [0.1, 0.2, 0.3]", "bias = []", "layers[0].bias: has 0 numbers; wanted: 3", ""),
    "no names": ("values = [[0.05", "names = []\nvalues = [[0.05", "inputs.names: is empty", ""),
    "no classes": ("values = [[0.01, 0.99]]", "classes = []", "targets.classes: is empty", ""),
    # unknown names
    "an activation": ('"sigmoid"', '"sigmod"', "layers[0].activation: unknown activation 'sigmod'; ", "did you mean 'sigmoid'?"),
    "a loss": ('"squared_error"', '"squared_eror"', "loss.name: unknown loss", "did you mean 'squared_error'?"),
    "a rule": ('"gradient_descent"', '"gradient_decent"', "update.rule: unknown rule", "did you mean 'gradient_descent'?"),
    "a notation": ('title = "good"', 'notation = "indexd"', "notation.preset: unknown notation", "did you mean 'indexed'?"),
    "a notation's key": ("[update]", '[notation]\nwieght = "w"\n[update]', "notation.wieght: unknown key; ", "did you mean weight?"),
    "a notation's setting": ("[update]", "[notation]\nfirst_index = 2\n[update]", "notation.first_index: ", "allowed: 1, 0"),
    "a notation's pattern": ("[update]", "[notation]\nweight = 'w_{'\n[update]", "notation.weight: ", ""),
    "a document's key": ("[update]", "[document]\ndecimal = 3\n[update]", "document.decimal: unknown key; ", "did you mean decimals?"),
    "a document's word": ("[update]", '[document]\nrounding = "up"\n[update]', "document.rounding: ", '"round", "cut"'),
    "a form": ("[update]", '[document]\nform = "chian"\n[update]', "document.form: ", "did you mean 'chain'?"),
    "digits and decimals": ("[update]", "[document]\ndigits = 3\ndecimals = 3\n[update]", "document: ", "both"),
    "a scheme": ("[update]", '[initial]\nseed = 1\nscheme = "xaver_uniform"\n[update]', "initial.scheme: unknown scheme", "did you mean 'xavier_uniform'?"),
    "a setting": ('activation = "sigmoid"', 'activation = {name = "leaky_relu", slop = 1}', "layers[0].activation.slop: ", "did you mean 'slope'?"),
    "a setting of an entry without": ('activation = "sigmoid"', 'activation = {name = "tanh", slope = 1}', "layers[0].activation.slope: ", "it has none"),
    "a kink rule": ('activation = "sigmoid"', 'activation = {name = "relu", at_kink = 3}', "layers[0].activation.at_kink: ", '"error"'),
    "an update's setting": ("learning_rate = 0.5", "learning_rate = 0.5\nmomentum = 0.9", "update.momentum: ", "has no such setting"),
    "a place for epsilon": ('rule = "gradient_descent"', 'rule = "adam"\nepsilon_place = "within"', "update.epsilon_place: ", "'outside', 'inside'"),
    "a penalty": ("[update]", '[penalty]\nkind = "l3"\nstrength = 1\n[update]', "penalty.kind: unknown penalty 'l3'; ", "known: "),
    "a mean that cross-entropy cannot have": ('name = "squared_error"', 'name = "cross_entropy"\nover_outputs = "mean"', "loss.over_outputs: ", "allows: sum"),
    # numbers
    "nan": ("0.05", "nan", "inputs.values[0][0]: nan ", "not a finite number"),
    "inf": ("0.05", "-inf", "inputs.values[0][0]: -inf ", "not a finite number"),
    "a huge exponent": ("0.05", "1e999999999", "inputs.values[0][0]: ", "exponents from -400 to 400"),
    "a huge exponent in quotes": ("0.05", '"1e-999999999"', "inputs.values[0][0]: ", "exponents from -400 to 400"),
    "a huge exponent elsewhere": ("learning_rate = 0.5", "learning_rate = 1e999999999", "update.learning_rate: ", "400"),
    "too many digits": ("0.05", "0." + "1" * 1001, "inputs.values[0][0]: ", "at most 1,000 digits"),
    "an integer with too many digits": ("0.05", "1" * 1500, "inputs.values[0][0]: ", "1,000 digits"),
    "an integer that Python does not read": ("0.05", "1" * 6000, "line 4: ", "1,000 digits"),
    "division by zero": ("0.05", '"1/0"', "inputs.values[0][0]: 1/0 ", "divides by zero"),
    "a decimal comma in quotes": ("0.05", '"0,05"', "inputs.values[0][0]: 0,05 ", "decimal point: 0.05"),
    "a typographic minus in quotes": ("0.05", '"−0.05"', "inputs.values[0][0]: −0.05 is not a number", "numbers are written 0.05"),
    "two points": ("0.05", '".0.5"', "inputs.values[0][0]: .0.5 is not a number", "numbers are written 0.05"),
    "two signs": ("0.05", '"--0.5"', "inputs.values[0][0]: --0.5 is not a number", "numbers are written 0.05"),
    "neither number nor name": ("0.05", '"a b"', "inputs.values[0][0]: 'a b' ", "neither a number nor a name"),
    "a bias that does nothing": ("bias = 0.5", "bias = 0.5\nbias_input = 0", "layers[1].bias_input: is 0", "-1"),
    "an input of no bias": ("bias = 0.5", "bias_input = -1", "layers[1].bias_input: the layer has no bias", ""),
    "a name that cannot be printed": ("[[0.1, 0.2], [0.3", """[["a'b", 0.2], [0.3""", "layers[0].weights[0][0]: ", "at character 2"),
    "a text of nothing": ("0.05", '""', "inputs.values[0][0]: ", "empty"),
    # names
    "an unused parameter": ("[update]", "[parameters]\nw_a = 1\n[update]", "parameters.w_a: nothing is named 'w_a'", ""),
    "a parameter that is misspelt": ("[[0.1, 0.2], [0.3", '[["w_ab", 0.2], [0.3', "parameters.w_aa", "did you mean 'w_ab'?"),
    "input names twice": ("values = [[0.05", 'names = ["a", "a"]\nvalues = [[0.05', "inputs.names[1]: ", "stands twice"),
    "an input's name that is a number": ("values = [[0.05", 'names = ["a", "1"]\nvalues = [[0.05', "inputs.names[1]: ", "is a number"),
    "an input and a parameter": ("values = [[0.05, 0.10]]", 'names = ["a", "b"]\nvalues = [["a", 1]]', "inputs.values[0][0]: ", "an input's"),
    "a reserved name": ("0.05", '"loss"', "inputs.values[0][0]: ", "reserved: lr, loss, penalty"),
    "a setting and a weight": ("[[0.1, 0.2], [0.3", '[["w", 0.2], ["w"', "update.learning_rate", "a setting and for a value"),
    "a backspace": ("values = [[0.05", 'names = ["\\beta", "b"]\nvalues = [[0.05', "inputs.names[0]: ", r"in single quotes: '\beta'"),
    "a tabulator": ("0.05", '"\\theta"', "inputs.values[0][0]: ", r"in single quotes: '\theta'"),
    "a form feed in a formula": ('name = "squared_error"', 'formula = "\\frac"', "loss.formula: ", r"'\frac'"),
    "a control character in a key": ("[update]", '[parameters]\n"\\nu" = 1\n[update]', "parameters: in a key: ", r"'\nu'"),
    # formulas
    "a loss in another variable": ('name = "squared_error"', 'formula = "(y - target)^2"', "loss.formula: ", "y"),
    "an activation in another variable": ('activation = "sigmoid"', 'activation = {formula = "1/net"}', "layers[0].activation.formula: ", ""),
    "an empty formula": ('name = "squared_error"', 'formula = ""', "loss.formula: ", ""),
    "both name and formula": ('name = "squared_error"', 'name = "huber"\nformula = "out"', "loss: ", "both name and formula"),
    "an import": ('name = "squared_error"', "formula = \"__import__('os').system('touch pwned')\"", "loss.formula: ", ""),
    "an attribute": ('name = "squared_error"', 'formula = "out.__class__"', "loss.formula: ", ""),
    "a huge power": ('name = "squared_error"', 'formula = "out + 9**9**9"', "loss.formula: ", ""),
    "10,000 brackets": ('name = "squared_error"', f'formula = "{"(" * 10_000}out{")" * 10_000}"', "loss.formula: ", ""),
    # TOML
    "a decimal comma": ("learning_rate = 0.5", "learning_rate = 0,05", "line 21, column", "decimal point: learning_rate = 0.05"),
    "decimal commas in a list": ("[[0.05, 0.10]]", "[[0,05, 0,10]]", "line 4, column", "decimal point: values = [[0.05, 0.10]]"),
    "decimal commas that are two numbers": ("[[0.05, 0.10]]", "[[1,5, 2,5]]", "inputs.values[0]: has 4 numbers", "decimals have a point: [1.5, 2.5]"),
    "decimal commas in weights": ("[[0.1, 0.2], [", "[[1,5, 2,5], [", "", "[1.5, 2.5]"),
    "a fraction without quotes": ("learning_rate = 0.5", "learning_rate = 1/3", "line 21, column", 'in quotes: learning_rate = "1/3"'),
    "a fraction without quotes in a list": ("[[0.05, 0.10]]", "[[1/3, 0.10]]", "line 4, column", '[["1/3", 0.10]]'),
    "a text without quotes": ('activation = "sigmoid"', "activation = sigmoid", "line 9, column", 'activation = "sigmoid"'),
    "typographic quotes": ('activation = "sigmoid"', "activation = “sigmoid”", "line 9, column", 'activation = "sigmoid"'),
    "a typographic minus": ("learning_rate = 0.5", "learning_rate = −0.5", "line 21, column", "learning_rate = -0.5"),
    "no digit before the point": ("learning_rate = 0.5", "learning_rate = .5", "line 21, column", "learning_rate = 0.5"),
    "no digit after the point": ("learning_rate = 0.5", "learning_rate = 5.", "line 21, column", "learning_rate = 5.0"),
    "a bad escape": ('title = "good"', 'title = "\\alpha"', "line 2, column", r"single quotes: '\alpha'"),
    "True": ("units = 3", "units = 3\ntrainable = True", "line 9, column", "trainable = true"),
    "a section twice": ("[update]", "[loss]\n[update]", "line 19", "stands twice"),
    "a colon": ("units = 3", "units: 3", "line 8, column", "units = 3"),
    "a list without its end": ("values = [[0.01, 0.99]]", "values = [[0.01, 0.99]", "", ""),
    "10,000 brackets in a list": ("[[0.05, 0.10]]", "[" * 10_000, "nested too deeply", "[[1, 2], [3, 4]]"),
    "a key of 10,000 parts": ('title = "good"', "a." * 10_000 + "b = 1", "line 2: ", "more than 50 parts"),
}


# fmt: on
@pytest.mark.parametrize(("old", "new", "place", "advice"), WRONG.values(), ids=WRONG)
def test_a_bent_description_is_refused_with_place_and_advice(old, new, place, advice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = changed(GOOD, old, new)
    if "did you mean 'w_ab'" in advice:
        text += "[parameters]\nw_aa = 1\n"
    if place == "update.learning_rate":
        text = changed(text, "learning_rate = 0.5", 'learning_rate = "w"') if '"w"' in new else text
    message = refusal(text)
    assert place in message
    assert advice in message
    assert not any(tmp_path.iterdir())  # nothing was executed


# fmt: off
WRONG_PROGRAMS = {
    "an undefined name": ('"q * w"', '"q * v"', "equations[1].formula: ", "v"),
    "a later name": ('"x + y"', '"f + y"', "equations[0].formula: uses 'f', which is defined only later", "cycle"),
    "its own name": ('"x + y"', '"q + y"', "equations[0].formula: 'q' is defined by itself", "earlier equations"),
    "a name twice": ('name = "f"', 'name = "q"', "equations[1].name: the name 'q' already stands for another equation", ""),
    "an input's name": ('name = "q"', 'name = "x"', "equations[0].name: the name 'x' already stands for an input", ""),
    "a parameter's name": ('name = "q"', 'name = "w"', "equations[0].name: the name 'w' already stands for a parameter", ""),
    "a function's name": ('name = "q"', 'name = "exp"', "equations[0].name: ", "exp"),
    "no name at all": ('name = "q"', 'name = "q-1"', "equations[0].name: ", ""),
    "a loss that there is not": ('loss = "f"', 'loss = "ff"', "loss: no equation is named 'ff'; did you mean 'f'?", "known: q, f"),
    "no loss": ('loss = "f"\n', "", "loss: missing; ", 'loss = "f"'),
    "a loss that landed in the inputs": ('loss = "f"\n[inputs]\n', '[inputs]\nloss = "f"\n', "loss", "at the top of the file"),
    "a number for a list": ("x = [1, 2]", "x = 1", "inputs.x: is the number 1; ", "x = [1]"),
    "inputs that differ": ("x = [1, 2]", "x = [1]", "inputs.y: has 2 numbers, but inputs.x has 1", ""),
    "an empty input": ("x = [1, 2]", "x = []", "inputs.x: is empty", ""),
    "targets": ("[parameters]", "[targets]\nvalues = [[1]]\n[parameters]", "targets: a program has no targets", "[inputs]"),
    "layers too": ("[parameters]", "[[layers]]\n[parameters]", "equations: ", "not both"),
    "no equations": ("[[equations]]", "[[equation]]", "", ""),
    "an import": ('"q * w"', "\"__import__('os').system('touch pwned')\"", "equations[1].formula: ", ""),
    "a huge power": ('"q * w"', '"q * 9**9**9"', "equations[1].formula: ", ""),
    "10,000 brackets": ('"q * w"', f'"{"(" * 10_000}q{")" * 10_000}"', "equations[1].formula: ", ""),
    "a parameter that is no number": ("w = 0.5", 'w = "much"', "parameters.w: ", "allowed: a number"),
    "an unknown key of a parameter": ("w = 0.5", "w = { valu = 1 }", "parameters.w.valu: ", "did you mean value?"),
}


# fmt: on
@pytest.mark.parametrize(("old", "new", "place", "advice"), WRONG_PROGRAMS.values(), ids=WRONG_PROGRAMS)
def test_a_bent_program_is_refused_with_place_and_advice(old, new, place, advice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = refusal(changed(PROGRAM, old, new))
    assert place in message
    assert advice in message
    assert not any(tmp_path.iterdir())


def test_the_first_five_problems_stand_on_a_line_each():
    text = changed(GOOD, "[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", "[[nan, nan], [nan, nan], [nan, nan]]")
    lines = refusal(text).splitlines()
    assert len(lines) == 6
    assert lines[4].startswith("net.toml: layers[0].weights[2][0]: nan")
    assert lines[5] == "net.toml: and 1 more"


def test_one_table_in_single_brackets_is_refused():
    text = 'loss = {name = "huber"}\n[layers]\nunits = 1\nactivation = "tanh"'
    assert "layers: is one table; write [[layers]] in double brackets" in refusal(text)


def test_a_loss_by_its_name_alone_is_shown_as_a_table():
    text = 'loss = "huber"\n[inputs]\ncount = 1\n[[layers]]\nunits = 1\nactivation = "tanh"'
    assert "loss: is the text 'huber'; a network has a table: [loss] with name = \"huber\"" in refusal(text)


def test_a_description_of_nothing_says_what_is_needed():
    assert "layers: missing; a network has [[layers]], a program has [[equations]]" in refusal("")


def test_inputs_that_nothing_counts_are_asked_for():
    text = '[[layers]]\nunits = 1\nactivation = "tanh"\n[loss]\nname = "huber"'
    assert "inputs: how many inputs are there?" in refusal(text)


def test_weights_are_not_drawn_without_bound():
    text = (
        '[inputs]\ncount = 1000000\n[[layers]]\nunits = 1000000\nactivation = "tanh"\n'
        '[initial]\nseed = 1\nscheme = "uniform"\n[loss]\nname = "huber"'
    )
    assert "1,000,000,000,000 weights to draw; at most 1,000,000" in refusal(text)


# fmt: off
BUILT = {
    "a short row": ({"layers": [Dense(1, "tanh", weights=[[1, 2]]), Dense(2, "tanh", weights=[[1, 2], [3]])]}, "layers[1].weights[0]: "),
    "nan in an array": ({"inputs": np.array([[1.0, np.nan]])}, "inputs.values[0][1]: nan is not a finite number"),
    "an unknown activation": ({"layers": [Dense(1, "tan")]}, "layers[0].activation: unknown activation 'tan'; did you mean 'tanh'?"),
    "no layers": ({"layers": []}, "layers: is empty"),
    "a number for the layers": ({"layers": 3}, "layers: is the number 3"),
    "a text for a layer": ({"layers": ["tanh"]}, "layers[0]: is the text 'tanh'"),
    "an object as weight": ({"layers": [Dense(1, "tanh", weights=[[object(), 1]])]}, "layers[0].weights[0][0]: is a object"),
    "units as float": ({"layers": [Dense(1.0, "tanh")]}, "layers[0].units: is the number 1.0"),
    "three dimensions": ({"layers": [Dense(1, "tanh", weights=np.zeros((1, 2, 3)))]}, "layers[0].weights[0][0]: is a list"),
    "complex numbers": ({"inputs": np.array([[1j, 2]])}, "inputs.values[0][0]: is a complex"),
    "an unknown rule": ({"update": {"rule": "sgd", "learning_rate": 1}}, "update.rule: unknown rule 'sgd'"),
    "a set": ({"inputs": {1, 2}}, "inputs.values: is a set"),
}


# fmt: on
@pytest.mark.parametrize(("arguments", "message"), BUILT.values(), ids=BUILT)
def test_a_network_built_in_python_is_refused_with_the_same_places(arguments, message):
    good = {"inputs": [1, 2], "layers": [Dense(1, "tanh")], "loss": "squared_error"}
    with pytest.raises(DescriptionError) as caught:
        Network(**(good | arguments))
    assert message in str(caught.value)
