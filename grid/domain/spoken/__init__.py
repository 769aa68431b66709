"""Sentences of control, alarms and plans in the reader's language.

A tick, a plan or a service writes its sentence once, in English, and it is stored, pushed and exported as written. The phrases here are
those sentences with their places; a stored sentence is read back into phrase and places, and said in German with the same places.
"""
