"""Arrays of one's own: train on them, and see how good the network is, class by class.

Here they are scikit-learn's digits; yours may be any `x` of shape (n, height, width) or (n, height,
width, 3), and `y` of n numbers or names.

Run: python examples/own_arrays.py
"""

from __future__ import annotations

from sklearn.datasets import load_digits

import nin


def main() -> None:
    """Train, evaluate, and predict."""
    digits = load_digits()
    x, y = digits.images / 16, digits.target  # floats from 0 to 1, and numbers from 0
    run = nin.train((x, y), preset="mnist", width=0.25, epochs=3, out="runs/own-arrays")

    found = run.evaluate()
    print(f"{found.accuracy:.0%} of {found.n} {found.part} images")
    for row in found.per_class():
        print(f"{row['class']}: found {row['recall']:.2f}, right {row['precision'] or 0:.2f}")
    print("the first image:", run.classes[run.predict(x[:1, ..., None]).argmax()])


if __name__ == "__main__":
    main()
