// Types for the computation with dimensions at compile time.
#pragma once

namespace calc {
template <class... Types> struct typelist {};
template <int... E> struct exponents {};

template <class A, class B> struct product;
template <int... A, int... B> struct product<exponents<A...>, exponents<B...>> { using type = exponents<(A + B)...>; };

template <class A, class B> struct quotient;
template <int... A, int... B> struct quotient<exponents<A...>, exponents<B...>> { using type = exponents<(A - B)...>; };

struct unnamed_type { static constexpr const char *name = nullptr; };

// The first quantity of List whose dimension is Dimension, else unnamed_type.
template <class Dimension, class List> struct named { using type = unnamed_type; };
template <class Dimension, class First, class... Rest> struct named<Dimension, typelist<First, Rest...>> : named<Dimension, typelist<Rest...>> {};
template <class First, class... Rest> struct named<typename First::dimension, typelist<First, Rest...>> { using type = First; };
}  // namespace calc
