"""The book: the cells of its notebooks, its own class, its own loader."""
