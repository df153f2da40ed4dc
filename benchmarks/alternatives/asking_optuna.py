"""Three widths and a small CNN, asked with Optuna around plain Keras."""

from statistics import mean, stdev

import keras
import optuna
from asking_task import BATCH, EPOCHS, RATE, SEEDS, WIDTHS, arrays, nin_net, small_cnn

(x, y), (test_x, test_y) = arrays()
NAMES = [*(f"NiN {width}" for width in WIDTHS), "CNN"]


def objective(trial: optuna.Trial) -> float:
    """Train a network with a seed; its accuracy on held-out images."""
    name = trial.suggest_categorical("network", NAMES)
    keras.utils.set_random_seed(trial.suggest_int("seed", 0, SEEDS - 1))
    model = small_cnn() if name == "CNN" else nin_net(float(name.split()[1]))
    model.compile(
        keras.optimizers.Adam(RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    found = model.fit(x, y, validation_split=0.1, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    judged = model.evaluate(test_x, test_y, verbose=0, return_dict=True)
    trial.set_user_attr("test", judged["accuracy"])
    return float(found.history["val_accuracy"][-1])


grid = {"network": NAMES, "seed": list(range(SEEDS))}
backend = optuna.storages.journal.JournalFileBackend("found.journal")
study = optuna.create_study(
    study_name="widths",
    storage=optuna.storages.JournalStorage(backend),
    sampler=optuna.samplers.GridSampler(grid),
    direction="maximize",
    load_if_exists=True,
)
study.optimize(objective)
done = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
for name in NAMES:
    tests = [trial.user_attrs["test"] for trial in done if trial.params["network"] == name]
    print(name, len(tests), mean(tests), stdev(tests))
