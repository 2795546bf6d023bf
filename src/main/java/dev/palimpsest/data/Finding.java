package dev.palimpsest.data;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * One thing that a preflight has to say.
 *
 * @param code a fixed word for the kind of finding, such as {@code too-long}
 * @param where line and id of a row, or a file; empty for the data as a whole
 * @param message what was found and what to do
 */
public record Finding(Severity severity, String code, String where, String message) {
  /** How bad it is. */
  public enum Severity {
    /** Training on the data is refused, or its result would mean nothing. */
    ERROR,
    /** Training works; look at it first. */
    WARNING,
    INFO;

    /** The word in JSON. */
    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
