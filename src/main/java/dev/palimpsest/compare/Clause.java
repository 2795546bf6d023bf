package dev.palimpsest.compare;

/** The kinds of clause that form questions are made of. */
enum Clause {
  // what is asked
  LIST,
  COUNT,
  AVERAGE,
  MAXIMUM,
  MINIMUM,
  DISTINCT_COUNT,
  DISTINCT_LIST,
  GROUP_COUNT,
  GROUP_AVERAGE,
  GROUP_HAVING,
  GROUP_TOP,

  // in which order; the words before "airports"
  HIGHEST,
  LOWEST,
  NORTHERNMOST,
  SOUTHERNMOST,
  EASTERNMOST,
  WESTERNMOST,
  ALPHABETICAL,
  ASCENDING,
  DESCENDING,

  // conditions; the words after "airports"
  COUNTRY,
  COUNTRIES,
  OUTSIDE,
  REGION,
  CITY,
  ZONE,
  ABOVE,
  BELOW,
  BETWEEN,
  CONTAINS,
  STARTS,
  NORTH,
  SOUTH,
  EAST,
  WEST,
  CODED,
  UNCODED,

  // how conditions are joined; "either" after another condition, where "or" would be ambiguous
  AND,
  OR,
  EITHER
}
