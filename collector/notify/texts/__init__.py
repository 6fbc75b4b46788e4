"""What a notice says to a person, in four languages: short plain words from (alarm, role, language). Pure.

`catalogue` knows the words, `facts` the numbers of one alarm, `full` and `sms` put them together; `table` prints all of it for a reader.
"""
