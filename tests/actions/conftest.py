from product import at_home, product, pytest_collection_finish

__all__ = ["at_home", "product", "pytest_collection_finish"]
