"""Who receives how much of the local energy: the five keys of the domain rules, section 1, in whole Wh."""
