"""Pictures made or changed by code: augmentation, corruption, allographs, negatives."""

__all__ = ()
