"""Three widths and a small CNN, asked with KerasTuner."""

import keras
import keras_tuner
from asking_task import BATCH, EPOCHS, RATE, SEEDS, WIDTHS, arrays, nin_net, small_cnn

(x, y), (test_x, test_y) = arrays()


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    """The network of a trial, compiled."""
    name = hp.Choice("network", [*(f"NiN {width}" for width in WIDTHS), "CNN"])
    model = small_cnn() if name == "CNN" else nin_net(float(name.split()[1]))
    model.compile(
        keras.optimizers.Adam(RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


# Its GridSearch (1.4.8) cannot go on after a kill; this draws no combination twice, either.
tuner = keras_tuner.RandomSearch(
    build,
    max_trials=len(WIDTHS) + 1,
    objective="val_accuracy",
    executions_per_trial=SEEDS,
    directory="found",
    project_name="widths",
    overwrite=False,
)
tuner.search(x, y, validation_split=0.1, epochs=EPOCHS, batch_size=BATCH, verbose=0)
for trial in tuner.oracle.get_best_trials(4):
    print(trial.hyperparameters.get("network"), trial.score)
best = tuner.get_best_models(1)[0]
print("test", best.evaluate(test_x, test_y, verbose=0, return_dict=True)["accuracy"])
