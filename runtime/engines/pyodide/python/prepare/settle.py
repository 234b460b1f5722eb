"""Ends what is run before a snapshot is taken."""


def settle():
    """A cache of functools remembers hashes, which are others in each interpreter that starts from the snapshot."""
    import functools
    import gc

    for cache in [found for found in gc.get_objects() if type(found) is functools._lru_cache_wrapper]:
        cache.cache_clear()
    gc.collect()
