"""The licences that the hub knows by name, as front matter spells them."""

HUB_LICENCES = {
    "mit", "apache-2.0", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "odc-by", "odbl",
    "bsd-3-clause", "gpl-3.0", "agpl-3.0",
}  # fmt: skip
