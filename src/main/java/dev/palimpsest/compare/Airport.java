package dev.palimpsest.compare;

/**
 * One row of the airports table. A text that the table lacks is empty.
 *
 * @param country ISO 3166 alpha-2 code
 * @param elevation feet
 * @param lat degrees, north positive
 * @param lon degrees, east positive
 */
record Airport(
    String icao,
    String iata,
    String name,
    String city,
    String subd,
    String country,
    int elevation,
    double lat,
    double lon,
    String tz) {}
