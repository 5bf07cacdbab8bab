"""An import-linter contract: these modules import the standard library and what is named, and nothing else.

The contracts that come with import-linter forbid what is named; a rule such as "the standard library only" would need
the name of every other package there is.
"""

import sys
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression


class AllowedImportsContract(Contract):
    """Direct imports of `source_modules`, and of all below them, stay within what is allowed.

    Allowed are the standard library less `denied_standard_library`, `allowed_modules`, and the source module itself.
    """

    type_name = "allowed_imports"

    source_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    allowed_modules = fields.SetField(subfield=fields.StringField())
    denied_standard_library = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect each import that is not allowed, as (importer, imported)."""
        # On an instance, import-linter has put the parsed values in the place of the fields.
        sources = module_expressions_to_modules(graph, cast("set[ModuleExpression]", self.source_modules))
        named = cast("set[str]", self.allowed_modules)
        denied = cast("set[str]", self.denied_standard_library)
        strangers = []
        for source in sorted(module.name for module in sources):
            output.verbose_print(verbose, f"Checking the imports of {source}...")
            allowed = {source} | named | (sys.stdlib_module_names - denied)
            strangers += [
                (importer, imported)
                for importer in sorted({source} | graph.find_descendants(source))
                for imported in sorted(graph.find_modules_directly_imported_by(importer))
                if not any(imported == name or imported.startswith(f"{name}.") for name in allowed)
            ]
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that is not allowed."""
        for importer, imported in check.metadata["strangers"]:
            output.print_error(f"{importer} is not allowed to import {imported}.")
