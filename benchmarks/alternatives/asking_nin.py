"""Three widths and a small CNN, asked with `nin.compare`."""

from functools import partial

from asking_task import BATCH, EPOCHS, RATE, SEEDS, WIDTHS, arrays, nin_net, small_cnn

import nin

nets = {f"NiN {width}": partial(nin_net, width=width) for width in WIDTHS} | {"CNN": small_cnn}
recipe = nin.RECIPES["digits"].revised(image_size=8, epochs=EPOCHS, batch_size=BATCH, shift=0)
found = nin.compare(
    nets, recipe, data=arrays(), rates=[RATE], seeds=SEEDS, measured=False, out="found"
)
print(found.answer)
print(found.to_markdown())
