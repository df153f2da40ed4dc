"""What a folder of pictures holds: its classes, its files and the part that each belongs to.

`listing` reads a folder, by its sub-folders (`part_folders`, `class_folders`) or by a table of
labels (`label_table`, `labelled_files`); `division` decides which picture is in which part, and
`membership` records it; `inventory` sums up what was found. No picture is decoded here.
"""
