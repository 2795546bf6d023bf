package dev.palimpsest.data;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.Problems;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Locale;

/**
 * Opens data files: JSONL (or one JSON array), Parquet, CSV and TSV, by the name's ending or, where
 * that says nothing, by the first bytes.
 */
public final class SampleReader {
  private SampleReader() {}

  /**
   * The data in a file. Every row is parsed and checked now, none is held parsed.
   *
   * @throws BadInput naming the file and, for bad rows, line and field; at most twenty are shown
   */
  public static Dataset read(Path file, ReadOptions options) {
    Scan scan = scan(file, options);
    if (!scan.faults().isEmpty()) {
      scan.data().close();
      Problems problems = new Problems();
      scan.faults().all().forEach(fault -> problems.add(fault.toString()));
      problems.throwIfAny(file.toString());
    }
    if (scan.data().size() == 0) {
      scan.data().close();
      throw new BadInput(file + ": no rows");
    }
    return scan.data();
  }

  /**
   * The rows that are good, and what is wrong with the others.
   *
   * @param data may be empty
   */
  record Scan(Dataset data, RowProblems faults) {}

  static Scan scan(Path file, ReadOptions options) {
    if (!Files.exists(file)) {
      throw new BadInput(file + ": no such file");
    }
    if (!Files.isRegularFile(file)) {
      throw new BadInput(file + ": not a file; data is one JSONL, Parquet, CSV or TSV file");
    }
    RowCheck check = new RowCheck(options);
    MessageDigest digest = Hashes.sha256();
    RowStore rows =
        switch (format(file)) {
          case JSON -> JsonRows.scan(file, digest, check);
          case PARQUET -> table(file, TableRows.Format.PARQUET, digest, check);
          case CSV -> table(file, TableRows.Format.CSV, digest, check);
          case TSV -> table(file, TableRows.Format.TSV, digest, check);
        };
    Dataset data = new Dataset(file, options, rows, check, Hashes.hex(digest));
    check.refuseRepeatedIds(data);
    return new Scan(data, check.problems());
  }

  private static RowStore table(
      Path file, TableRows.Format format, MessageDigest digest, RowCheck check) {
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new EnvironmentFailure(file + ": cannot be read: " + e.getMessage(), e);
    }
    return TableRows.scan(file, format, check);
  }

  private enum Format {
    JSON,
    PARQUET,
    CSV,
    TSV
  }

  private static Format format(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "jsonl", "ndjson", "json" -> Format.JSON;
      case "parquet" -> Format.PARQUET;
      case "csv" -> Format.CSV;
      case "tsv" -> Format.TSV;
      default -> byFirstBytes(file);
    };
  }

  private static Format byFirstBytes(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      String head = new String(in.readNBytes(64), StandardCharsets.ISO_8859_1);
      if (head.startsWith("PAR1")) {
        return Format.PARQUET;
      }
      if (head.strip().startsWith("{") || head.strip().startsWith("[")) {
        return Format.JSON;
      }
    } catch (IOException e) {
      throw new EnvironmentFailure(file + ": cannot be read: " + e.getMessage(), e);
    }
    throw new BadInput(file + ": not known as data; known are .jsonl, .json, .parquet, .csv, .tsv");
  }
}
