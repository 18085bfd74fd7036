"""Mails to customers: written from templates, kept in SQL with the key that makes each go once, sent by the desk."""
