"""Networks trained elsewhere: each reader makes a draft of real nodes, one pass makes it binary."""
