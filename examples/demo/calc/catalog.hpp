// What the generated units need to know of the registry; without the standard headers they compile in no time.
#pragma once

namespace calc {
class Registry;

// The exponents of metre, kilogram, second, ampere, kelvin, mole, candela and bit.
void add_quantity(Registry &, const char *name, const int (&exponents)[8]);
// One of it is `factor` of the coherent unit.
void add_unit(Registry &, const char *quantity, const char *name, double factor);
}  // namespace calc
