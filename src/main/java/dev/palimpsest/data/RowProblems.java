package dev.palimpsest.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is wrong with the rows of a file. The same fault in many rows is told once, with the first
 * row's place and the number of rows, so that a million bad rows make one line and little memory.
 */
final class RowProblems {
  private static final int KEPT = 1000;

  private record Group(String where, int rows) {}

  private final Map<String, Group> groups = new LinkedHashMap<>();
  private int unkept;

  void add(String where, String problem) {
    Group group = groups.get(problem);
    if (group != null) {
      groups.put(problem, new Group(group.where(), group.rows() + 1));
    } else if (groups.size() < KEPT) {
      groups.put(problem, new Group(where, 1));
    } else {
      unkept++;
    }
  }

  boolean isEmpty() {
    return groups.isEmpty();
  }

  List<Fault> all() {
    List<Fault> all = new ArrayList<>();
    groups.forEach((problem, group) -> all.add(new Fault(group.where(), problem, group.rows())));
    if (unkept > 0) {
      all.add(new Fault("further rows", "faults of other kinds", unkept));
    }
    return all;
  }

  /**
   * One kind of fault.
   *
   * @param where line or row of the first that has it
   * @param rows how many have it
   */
  record Fault(String where, String problem, int rows) {
    @Override
    public String toString() {
      return where + ": " + problem + (rows > 1 ? " (" + rows + " rows)" : "");
    }
  }
}
