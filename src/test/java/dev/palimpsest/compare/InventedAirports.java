package dev.palimpsest.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A CSV of airports that do not exist, in the columns of the real one. */
final class InventedAirports {
  static final Places.Least LEAST = new Places.Least(1, 1, 1, 1);
  private static final List<String> COUNTRIES =
      List.of("DE", "FR", "PE", "KE", "NZ", "IS", "TH", "EG", "BO", "FI", "ML", "UZ");
  private static final List<String> STARTS =
      List.of("Bra", "Cor", "Del", "Fen", "Gol", "Hul", "Jar", "Kel", "Lom", "Mor", "Nav", "Por");
  private static final List<String> ENDS = List.of("den", "mark", "stal", "vick", "wold", "zin");
  private static final List<String> KINDS = List.of("Field", "Lake", "Ranch", "Regional", "Strip");

  private InventedAirports() {}

  static Path write(Path folder, int count) {
    Random random = new Random(7);
    StringBuilder csv =
        new StringBuilder(
            "\"icao\",\"iata\",\"name\",\"city\",\"subd\",\"country\",\"elevation\",\"lat\","
                + "\"lon\",\"tz\",\"lid\"\n");
    for (int i = 0; i < count; i++) {
      int country = random.nextInt(COUNTRIES.size());
      String city = word(random, 36);
      String name = word(random, 72) + " " + KINDS.get(random.nextInt(KINDS.size())) + " Airport";
      String code = code(i);
      csv.append(
          String.format(
              Locale.ROOT,
              "\"X%s\",\"%s\",\"%s\",\"%s\",\"%s land\",\"%s\",%d,%.4f,%.4f,\"Zone/%s\",\"\"%n",
              code,
              random.nextInt(3) == 0 ? code : "",
              name,
              i % 10 == 0 ? "Lone" + code(i + 9000).toLowerCase(Locale.ROOT) : city,
              STARTS.get(country) + ENDS.get(random.nextInt(3)),
              COUNTRIES.get(country),
              random.nextInt(6000),
              random.nextDouble() * 140 - 70,
              random.nextDouble() * 340 - 170,
              STARTS.get(country)));
    }
    try {
      return Files.writeString(
          folder.resolve("invented.csv"), csv.toString().replace(" land\"", " Land\""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String word(Random random, int some) {
    int at = random.nextInt(some);
    return STARTS.get(at % STARTS.size()) + ENDS.get(at / STARTS.size());
  }

  private static String code(int i) {
    return "" + (char) ('A' + i / 676) + (char) ('A' + i / 26 % 26) + (char) ('A' + i % 26);
  }
}
