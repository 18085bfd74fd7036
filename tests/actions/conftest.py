from product import at_home, product

__all__ = ["at_home", "product"]
