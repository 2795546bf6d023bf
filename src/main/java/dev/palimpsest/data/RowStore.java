package dev.palimpsest.data;

import java.util.function.Supplier;

/** Rows by number, each a JSON object in UTF-8; nothing is held parsed. */
interface RowStore extends AutoCloseable {
  /** Takes rows as a file is read, and says which are kept. */
  interface Visitor {
    /**
     * One row.
     *
     * @param place such as "line 7"; asked for only where a row is bad
     * @return whether the store keeps the row
     */
    boolean visit(byte[] json, Supplier<String> place);

    /** The file cannot be read further. */
    void broken(String place, String why);
  }

  int size();

  byte[] row(int index);

  /** The row's size in the file, in bytes. */
  int bytes(int index);

  /** Where the row stands: a line (JSON) or a row (tables), from 1. */
  String place(int index);

  @Override
  void close();
}
