package dev.palimpsest.merge;

import dev.palimpsest.run.BadInput;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How many singular values of each module's change an adapter keeps. */
public sealed interface RankRule {
  /** Below this share of the largest, a value is what rounding left. */
  double NOTHING = 1e-12;

  /** The rank of each module; 0 to leave it out. */
  Map<String, Integer> ranks(List<Spectrum> modules);

  /**
   * A module's change.
   *
   * @param out rows of the module
   * @param in columns of the module
   * @param values singular values, falling
   */
  record Spectrum(String module, long out, long in, List<Double> values) {
    /** How many are above what rounding left. */
    int rank() {
      return (int) values.stream().filter(value -> value > NOTHING * values.getFirst()).count();
    }

    /** The sum of the squares from a position on. */
    double energyFrom(int first) {
      return values.stream().skip(first).mapToDouble(value -> value * value).sum();
    }
  }

  /** The same everywhere. */
  record Fixed(int rank) implements RankRule {
    /** Checks the rank. */
    public Fixed {
      if (rank < 1) {
        throw new BadInput("--rank " + rank + ": give 1 or more");
      }
    }

    @Override
    public Map<String, Integer> ranks(List<Spectrum> modules) {
      Map<String, Integer> ranks = new LinkedHashMap<>();
      modules.forEach(each -> ranks.put(each.module, Math.min(rank, each.rank())));
      return ranks;
    }
  }

  /** In each module as few as keep a share of the squared norm. */
  record Energy(double share) implements RankRule {
    /** Checks the share. */
    public Energy {
      if (!(share > 0 && share <= 1)) {
        throw new BadInput("--energy " + share + ": give more than 0, 1 at most");
      }
    }

    @Override
    public Map<String, Integer> ranks(List<Spectrum> modules) {
      Map<String, Integer> ranks = new LinkedHashMap<>();
      for (Spectrum each : modules) {
        int rank = 0;
        while (rank < each.rank() && each.energyFrom(rank) > (1 - share) * each.energyFrom(0)) {
          rank++;
        }
        ranks.put(each.module, rank);
      }
      return ranks;
    }
  }

  /** So many parameters over all modules, where each brings the most squared norm. */
  record Budget(long parameters) implements RankRule {
    /** Checks the number. */
    public Budget {
      if (parameters < 1) {
        throw new BadInput("--budget " + parameters + ": give a number of parameters");
      }
    }

    private record Step(Spectrum module, double value) {
      long cost() {
        return module.out + module.in;
      }
    }

    @Override
    public Map<String, Integer> ranks(List<Spectrum> modules) {
      List<Step> steps = new ArrayList<>();
      Map<String, Integer> ranks = new LinkedHashMap<>();
      for (Spectrum each : modules) {
        ranks.put(each.module, 0);
        each.values.stream().limit(each.rank()).forEach(value -> steps.add(new Step(each, value)));
      }
      // a module's own values fall, so the order never takes one before its predecessor
      steps.sort(Comparator.comparingDouble(step -> -step.value * step.value / step.cost()));
      long left = parameters;
      for (Step step : steps) {
        if (step.cost() > left) {
          break;
        }
        left -= step.cost();
        ranks.merge(step.module.module, 1, Integer::sum);
      }
      return ranks;
    }
  }
}
