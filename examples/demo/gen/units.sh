#!/bin/sh
# units.sh TABLE DIR: one translation unit a quantity, and quantities.hpp with the types that calc/algebra.cpp computes with.
set -eu
table=$1 dir=$2

strip_comments() { sed -e 's/#.*//' -e '/^ *$/d' "$table"; }

quantities=$(strip_comments | sed -n 's/^quantity  *\([a-z]*\).*/\1/p')

for quantity in $quantities; do
  {
    printf '// Generated from units.txt.\n#include "catalog.hpp"\n\nnamespace calc {\nvoid add_%s(Registry &registry) {\n' "$quantity"
    strip_comments | while read -r kind name rest; do
      if [ "$kind" = quantity ]; then
        current=$name
        # shellcheck disable=SC2086 # the exponents are words
        [ "$name" != "$quantity" ] || { printf '  add_quantity(registry, "%s", {' "$name"; printf '%d, ' $rest; printf '});\n'; }
      elif [ "$current" = "$quantity" ]; then
        printf '  add_unit(registry, "%s", "%s", %s);\n' "$quantity" "$name" "$rest"
      fi
    done
    printf '}\n}  // namespace calc\n'
  } >"$dir/units_$quantity.cpp"
done

{
  printf '// Generated from units.txt.\n#pragma once\n#include "typelist.hpp"\n\nnamespace calc {\nclass Registry;\n'
  strip_comments | while read -r kind name exponents; do
    [ "$kind" = quantity ] || continue
    list=$(printf '%s' "$exponents" | sed 's/  */, /g')
    printf 'struct %s_type { static constexpr const char *name = "%s"; using dimension = exponents<%s>; };\n' "$name" "$name" "$list"
    printf 'void add_%s(Registry &);\n' "$name"
  done
  printf 'using all_quantities = typelist<'
  comma=
  for quantity in $quantities; do printf '%s%s_type' "$comma" "$quantity"; comma=', '; done
  printf '>;\ninline constexpr void (*add_functions[])(Registry &) = {'
  for quantity in $quantities; do printf 'add_%s, ' "$quantity"; done
  printf '};\n}  // namespace calc\n'
} >"$dir/quantities.hpp"
