package dev.palimpsest.merge;

import dev.palimpsest.run.BadInput;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A method by its name and its settings by theirs, as a user gives them.
 *
 * @param method empty where nothing is said
 * @param values such as density; whole numbers are long
 */
public record MethodSettings(Optional<String> method, Map<String, Number> values) {
  private static final String USUAL = "linear";
  private static final double HALF = 0.5;

  /** The settings of each method; another one's are refused. */
  private static final Map<String, Set<String>> OWN =
      Map.of(
          USUAL,
          Set.of(),
          "svd",
          Set.of("rank"),
          "ties",
          Set.of("density", "scale"),
          "dare",
          Set.of("drop", "seed"),
          "slerp",
          Set.of("weight"),
          "wise",
          Set.of("weight"),
          "intruders",
          Set.of("scale", "top", "epsilon"));

  /** Those that are whole numbers. */
  public static final Set<String> WHOLE = Set.of("rank", "seed", "top");

  /** All of any method. */
  public static final Set<String> NAMES =
      Set.of("rank", "density", "scale", "drop", "seed", "weight", "top", "epsilon");

  /** Copies the map. */
  public MethodSettings {
    values = Map.copyOf(values);
  }

  /** Makes what finds the intruders of a matrix. */
  @FunctionalInterface
  public interface Finding {
    /** Among so many directions, below such a cosine. */
    Intruders.Finder of(int top, double epsilon);
  }

  /**
   * These over others: what is not said here is as there, settings as far as the method has them.
   *
   * @throws BadInput if something said here is no setting of the method
   */
  public MethodSettings over(MethodSettings below) {
    String name = method.or(below::method).orElse(USUAL);
    Set<String> own = own(name);
    for (String setting : new TreeSet<>(values.keySet())) {
      if (!own.contains(setting)) {
        throw new BadInput("--" + setting + ": is no setting of --method " + name);
      }
    }
    Map<String, Number> all = new LinkedHashMap<>(below.values);
    all.keySet().retainAll(own);
    all.putAll(values);
    return new MethodSettings(Optional.of(name), all);
  }

  private static Set<String> own(String method) {
    Set<String> own = OWN.get(method);
    if (own == null) {
      throw new BadInput(
          "--method " + method + ": known are linear, svd, ties, dare, slerp, wise, intruders");
    }
    return own;
  }

  /**
   * The method.
   *
   * @throws BadInput if a setting is none of its own, or out of its range
   */
  public MergeMethod made(Finding finding) {
    String name = over(new MethodSettings(Optional.empty(), Map.of())).method.orElseThrow();
    return switch (name) {
      case USUAL -> MergeMethod.of(new Linear());
      case "svd" -> {
        if (!values.containsKey("rank")) {
          throw new BadInput("--method svd: give --rank; linear adds adapters as they are");
        }
        yield MergeMethod.svd(get("rank", 1).intValue());
      }
      case "ties" ->
          MergeMethod.of(
              new Ties(get("density", 0.2).doubleValue(), get("scale", 1).doubleValue()));
      case "dare" ->
          MergeMethod.of(new Dare(get("drop", HALF).doubleValue(), get("seed", 0).longValue()));
      case "intruders" ->
          MergeMethod.of(
              new Intruders(
                  get("scale", 0.75).doubleValue(),
                  finding.of(get("top", 10).intValue(), get("epsilon", HALF).doubleValue())));
      case "slerp" -> MergeMethod.of(new Slerp(get("weight", HALF).doubleValue()));
      default -> MergeMethod.of(new Wise(get("weight", HALF).doubleValue()));
    };
  }

  private Number get(String setting, Number usual) {
    return values.getOrDefault(setting, usual);
  }
}
