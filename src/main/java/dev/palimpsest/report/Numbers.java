package dev.palimpsest.report;

import dev.palimpsest.measure.Interval;
import java.util.Locale;
import java.util.Optional;

/** Numbers as the page writes them: a true minus sign, units as the column names them. */
final class Numbers {
  private Numbers() {}

  /** 1,234. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** A fraction in percent. */
  static String percent(double fraction) {
    return fixed(100 * fraction, 1) + "\u00a0%";
  }

  static String percent(Interval interval) {
    return range(percent(interval.low()), percent(interval.high()));
  }

  /** A difference of fractions in percentage points, with its sign. */
  static String points(double fraction) {
    return signed(100 * fraction, 1);
  }

  /** Limits in percentage points. */
  static String points(Interval interval) {
    return range(points(interval.low()), points(interval.high()));
  }

  static String points(Optional<Interval> interval) {
    return interval.map(Numbers::points).orElse("none");
  }

  /** Bits a byte, nats a token. */
  static String fine(double value) {
    return fixed(value, 4);
  }

  static String fineSigned(double value) {
    return signed(value, 4);
  }

  static String fine(Interval interval) {
    return range(fixed(interval.low(), 4), fixed(interval.high(), 4));
  }

  static String fineSigned(Interval interval) {
    return range(fineSigned(interval.low()), fineSigned(interval.high()));
  }

  static String p(double p) {
    return p < 0.0001 ? "<\u00a00.0001" : fixed(p, 4);
  }

  static String fixed(double value, int digits) {
    String text = String.format(Locale.ROOT, "%,." + digits + "f", value);
    boolean zero = text.chars().allMatch(c -> "-0.,".indexOf(c) >= 0);
    return (zero ? text.replace("-", "") : text).replace('-', '\u2212');
  }

  static String signed(double value, int digits) {
    String text = fixed(value, digits);
    boolean zero = text.chars().allMatch(c -> "0.,".indexOf(c) >= 0);
    return value > 0 && !zero ? "+" + text : text;
  }

  /** 1 h 02 min, 3 min 05 s, 4.2 s. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole >= 3600) {
      return String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
    }
    return whole >= 60
        ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
        : fixed(seconds, 1) + " s";
  }

  /** Bytes in GB of 10^9, or MB below one. */
  static String bytes(long bytes) {
    return bytes >= 1_000_000_000 ? fixed(bytes / 1e9, 2) + " GB" : fixed(bytes / 1e6, 1) + " MB";
  }

  /** A coordinate in a picture. */
  static String at(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String range(String low, String high) {
    return "[" + low + ", " + high + "]";
  }
}
