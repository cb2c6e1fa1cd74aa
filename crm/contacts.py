"""A customer's phone, e-mail and address: what a valid one looks like, and changing it with a trace.

Knows no dialogue: whoever calls has made sure who the customer is and that they said yes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, get_args

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import InvalidValue, NotFound
from crm.models import ContactChange, Customer

ContactField = Literal["phone", "email", "address"]
CONTACT_FIELDS: tuple[ContactField, ...] = get_args(ContactField)

ADDRESS_LENGTH = range(6, 301)  # characters after tidying; the shortest full Chinese addresses have about eight
_REGION_OF_LANGUAGE = {"zh": "CN"}


def normalise(field: ContactField, value: str, customer: Customer) -> str:
    """The value as it would be stored. Raises InvalidValue."""
    if field == "email":
        return normalise_email(value)
    if field == "phone":
        return normalise_phone(value, region=home_region(customer))
    return normalise_address(value)


def normalise_email(value: str) -> str:
    """Checked for form only, without asking the network; the domain is lower-cased. Raises InvalidValue."""
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidValue("email", "this is not an e-mail address") from error


def normalise_phone(value: str, region: str | None = None) -> str:
    """E.164. A number without country code is read as one of ``region`` (ISO 3166). Raises InvalidValue.

    Lengths are checked, not whether the number is assigned: ranges change, and the customer reads it back.
    """
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidValue("phone", "this is not a phone number") from error
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidValue("phone", "a phone number of that length does not exist")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def normalise_address(value: str) -> str:
    """One line without control characters. Raises InvalidValue unless it holds letters and is long enough."""
    tidy = " ".join("".join(" " if unicodedata.category(each)[0] == "C" else each for each in value).split())
    if len(tidy) not in ADDRESS_LENGTH:
        raise InvalidValue("address", "an address has between 6 and 300 characters")
    if sum(each.isalpha() for each in tidy) < 3 or re.search(r"https?://|@", tidy):
        raise InvalidValue("address", "this does not read like an address")
    return tidy


def home_region(customer: Customer) -> str | None:
    """The region (ISO 3166) in which a customer's number without country code is meant; None if unknown."""
    return _region_of(customer.phone) or _REGION_OF_LANGUAGE.get(customer.language)


def same_email(given: str, on_file: str | None) -> bool:
    """Letter case is ignored throughout: no shop tells customers apart by it."""
    return on_file is not None and given.strip().casefold() == on_file.casefold()


def same_phone(given: str, on_file: str | None) -> bool:
    """A number given without its country code counts as one of the same country as the one on file."""
    if on_file is None:
        return False
    try:
        return normalise_phone(given, region=_region_of(on_file)) == on_file
    except InvalidValue:
        return False


def change_contact(
    session: Session, customer_id: int, field: ContactField, value: str, source_message_id: str
) -> ContactChange:
    """Writes the new value and keeps the old one; asked again for the same message, returns the first change.

    Raises NotFound without such a customer, InvalidValue for a value that cannot be.
    """
    earlier = session.scalar(select(ContactChange).where(ContactChange.source_message_id == source_message_id))
    if earlier is not None:
        return earlier
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound(f"no customer {customer_id}")
    new = normalise(field, value, customer)
    change = ContactChange(
        customer_id=customer_id,
        field=field,
        old=getattr(customer, field),
        new=new,
        source_message_id=source_message_id,
    )
    setattr(customer, field, new)
    session.add(change)
    session.flush()
    return change


def _region_of(phone: str | None) -> str | None:
    try:
        number = phonenumbers.parse(phone or "", None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.region_code_for_country_code(number.country_code or 0)
