package dev.palimpsest.compare;

import dev.palimpsest.run.BadInput;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A question about training, asked by arms that differ in one setting. */
public enum Study {
  /** What share of replay, written by the base itself, slows the loss, and by how much. */
  REPLAY("% of an epoch's rows replayed", "0,1,5,10,25,50"),
  /** What LoRA's rank does, alpha being twice as much. */
  RANK("rank", "1,4,16,64"),
  /** What the learning rate does. */
  RATE("learning rate", "1e-4,3e-4,1e-3,3e-3"),
  /** What LoRA and full tuning each lose for the same gain. */
  FULL(
      "method and learning rate",
      "lora:3e-4,lora:1e-3,lora:3e-3,full:1e-5,full:3e-5,full:1e-4");

  private static final Pattern NUMBER = Pattern.compile("[0-9]+(\\.[0-9]+)?(e-?[0-9]+)?");
  private static final Pattern METHOD = Pattern.compile("(lora|full):(.+)");

  private final String setting;
  private final String usual; // doses with commas: an enum's fields are values

  Study(String setting, String usual) {
    this.setting = setting;
    this.usual = usual;
  }

  /**
   * One value of the setting.
   *
   * @param text as it was given
   * @param series doses of one series make one curve
   * @param at its number
   * @param options of {@code tune} that make it
   */
  public record Dose(String text, String series, double at, Map<String, String> options) {
    /** Copies the options. */
    public Dose {
      options = Map.copyOf(options);
    }

    /** The arm's name, and its folder's. */
    public String arm() {
      return series + "-" + text.replaceFirst("^.*:", "").replace("%", "");
    }
  }

  /** What is varied. */
  public String setting() {
    return setting;
  }

  /** The doses if nothing is said. */
  public List<String> usual() {
    return List.of(usual.split(",", -1));
  }

  /** The study's name on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a dose.
   *
   * @throws BadInput if it is none of this study
   */
  public Dose dose(String given) {
    String text = given.strip().toLowerCase(Locale.ROOT);
    return switch (this) {
      case REPLAY -> {
        double percent = number(text.endsWith("%") ? text.substring(0, text.length() - 1) : text);
        if (percent >= 100) {
          throw new BadInput("dose " + given + ": give 0 or more and less than 100 %");
        }
        yield new Dose(
            text,
            "replay",
            percent,
            percent == 0 ? Map.of() : Map.of("replay", "base:" + percent + "%"));
      }
      case RANK -> {
        double rank = number(text);
        if (rank < 1 || rank != Math.rint(rank)) {
          throw new BadInput("dose " + given + ": a rank is a whole number from 1");
        }
        yield new Dose(text, "rank", rank, Map.of("rank", text));
      }
      case RATE -> new Dose(text, "rate", number(text), Map.of("lr", text));
      case FULL -> {
        Matcher parts = METHOD.matcher(text);
        if (!parts.matches()) {
          throw new BadInput("dose " + given + ": give METHOD:RATE, such as lora:1e-3, full:3e-5");
        }
        String method = parts.group(1);
        String rate = parts.group(2);
        yield new Dose(text, method, number(rate), Map.of("method", method, "lr", rate));
      }
    };
  }

  /** The dose that takes nothing, where the study has one: shares are told of its loss and gain. */
  OptionalDouble none() {
    return this == REPLAY ? OptionalDouble.of(0) : OptionalDouble.empty();
  }

  private static double number(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new BadInput("dose " + text + ": give a number, such as 5 or 1e-3");
    }
    return Double.parseDouble(text);
  }
}
