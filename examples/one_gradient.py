"""One gradient of a published example in every form: chain, delta, closed, paths, and the way between them."""

from pathlib import Path

import symbackprop as sb

network = sb.Network.read(Path(__file__).parent / "russo.toml")
derivation = sb.derive(network)
gradient = derivation.gradient("w_1")

print(gradient.name, "=", gradient.value)
print()
print(gradient.chain)
print()
print("delta form:", gradient.delta_form)
print("paths from the loss to the weight:", len(gradient.paths.paths))
print("operations in the closed form:", gradient.closed_form.count_ops())
print()
for step in derivation.steps("w_1"):
    print("-", step.title)
