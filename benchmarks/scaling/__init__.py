"""What scale.py measures with: many small pictures in three forms, and servers of them."""
