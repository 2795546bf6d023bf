package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A step's examples in passes: as few as memory allows, of about equal numbers of rows. */
public final class Passes {
  private Passes() {}

  /**
   * First fit, the longest first, and the lowest limit that takes no more passes (MULTIFIT:
   * Coffman, Garey and Johnson 1978, "An Application of Bin-Packing to Multiprocessor Scheduling").
   * Losses summed over the passes are those of one pack.
   *
   * @param most rows of a pass, as {@link Pack#of} lays them out; a longer example stands alone
   */
  public static List<List<Example>> of(List<Example> examples, int most) {
    List<Member> members = members(examples);
    List<Pass> passes = fit(members, most);
    int tooFew = 0;
    int enough = most;
    while (enough - tooFew > 1) {
      int rows = (enough + tooFew) >>> 1;
      List<Pass> fitted = fit(members, rows);
      if (fitted.size() > passes.size()) {
        tooFew = rows;
      } else {
        passes = fitted;
        enough = rows;
      }
    }
    return passes.stream().map(Pass::examples).toList();
  }

  /**
   * An example.
   *
   * @param kind of those that begin alike
   * @param shared rows that these have in common
   */
  private record Member(Example example, int kind, int shared) {
    int length() {
      return example.length();
    }
  }

  /** Those that begin alike together, the longest first. */
  private static List<Member> members(List<Example> examples) {
    Comparator<Example> longest = Comparator.comparingInt(Example::length).reversed();
    List<List<Example>> kinds =
        Pack.alike(examples).stream()
            .map(alike -> alike.stream().sorted(longest).toList())
            .sorted(Comparator.comparing(List::getFirst, longest))
            .toList();
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < kinds.size(); i++) {
      int kind = i;
      int shared = Pack.shared(kinds.get(i));
      kinds.get(i).forEach(each -> members.add(new Member(each, kind, shared)));
    }
    return members;
  }

  /** Each where it adds the fewest rows. */
  private static List<Pass> fit(List<Member> members, int most) {
    List<Pass> passes = new ArrayList<>();
    for (Member each : members) {
      passes.stream()
          .filter(pass -> pass.rows + pass.more(each) <= most)
          .min(Comparator.comparingInt(pass -> pass.more(each)))
          .orElseGet(
              () -> {
                passes.add(new Pass());
                return passes.getLast();
              })
          .add(each);
    }
    return passes;
  }

  private static final class Pass {
    private final List<Example> examples = new ArrayList<>();
    private final Set<Integer> kinds = new HashSet<>();
    private int rows;

    /** Rows that an example adds. */
    int more(Member member) {
      return member.length() - (kinds.contains(member.kind) ? member.shared : 0);
    }

    void add(Member member) {
      rows += more(member);
      kinds.add(member.kind);
      examples.add(member.example);
    }

    List<Example> examples() {
      return List.copyOf(examples);
    }
  }
}
