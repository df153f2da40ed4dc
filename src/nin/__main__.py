"""`python -m nin` is the `nin` command."""

from nin.cli import main

main()
