"""What it takes to give a graph away and to open a stranger's: lock, trust sheet, licences, verification."""
