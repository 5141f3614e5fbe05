"""What a later text overtook: articles by their editions, questions by their answers."""
