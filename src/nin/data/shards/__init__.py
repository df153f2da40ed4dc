"""Pictures in shards: tar files as WebDataset writes them, and Parquet as Hugging Face does.

`shard_files` finds the shards that somebody names, `tar_samples` reads which pictures one holds and
how they are labelled, and `shard_listing` makes of them what a folder of pictures is listed as.
"""
