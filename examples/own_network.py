"""A network built in Python: evaluated exactly, to 40 digits, at other inputs, and trained."""

import symbackprop as sb

network = sb.Network(
    inputs=[1, 2],
    targets=["1/2"],
    layers=[
        sb.Dense(2, "relu", weights=[[0.1, 0.2], [0.3, -0.4]], bias=[0, "1/3"]),
        sb.Dense(1, "identity", weights=[[1, -1]], bias=[0.25]),
    ],
    loss="squared_error",
    update={"rule": "gradient_descent", "learning_rate": 0.1},
)
derivation = sb.derive(network)

exact = derivation.evaluate(exact=True)
print("exactly:", exact["dE/dw[1][0][1]"], "and after one update the loss is", exact["after:loss"])
print("40 digits:", derivation.evaluate(precision=40)["after:loss"])
print("elsewhere:", derivation.evaluate(inputs=[3, 1], parameters={"W2": [[0.5, 0.5]]})["loss"])
print("losses:", [round(loss, 6) for loss in derivation.train(5).losses])
print(network.to_toml())
