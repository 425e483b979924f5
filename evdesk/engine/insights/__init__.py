"""What balancing achieved: figures of each day, made from what is stored anyway, kept for good and put together."""
