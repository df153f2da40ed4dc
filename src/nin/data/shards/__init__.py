"""Pictures in shards: tar files as WebDataset writes them, and Parquet as Hugging Face does.

`shard_files` finds the shards that a user names, `tar_samples` and `parquet_samples` read which
pictures a shard holds and their labels, and `shard_listing` lists them like a folder of pictures.
"""
