package dev.palimpsest.cli;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.RunFolder;
import dev.palimpsest.run.Yaml;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import tools.jackson.databind.JsonNode;

/**
 * Options from a file, YAML or JSON (which is YAML): a key for each long option of the command,
 * without its dashes. picocli asks here for what the call itself does not say, so that the call
 * wins. A run's {@code run.json} is no such file: it holds a whole job.
 */
final class ConfigFile implements IDefaultValueProvider {
  private static final String OPTION = "--config";

  /** What a call says of itself. */
  private static final Set<String> CALL = Set.of(OPTION, "--resume", "--help", "--debug");

  private @Nullable Path read;
  private Map<String, String> values = Map.of();

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || CALL.contains(option.longestName())) {
      return null;
    }
    CommandSpec command = option.command();
    Path file = command.findOption(OPTION).getValue();
    if (file == null) {
      return null;
    }
    if (!file.equals(read)) {
      values = values(file, command);
      read = file;
    }
    return values.get(option.longestName());
  }

  /** The run whose {@code run.json} a file is. */
  static Optional<Path> run(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder != null && RunFolder.isAbout(file) ? Optional.of(folder) : Optional.empty();
  }

  private static Map<String, String> values(Path file, CommandSpec command) {
    if (run(file).isPresent()) {
      return Map.of();
    }
    JsonNode document = Yaml.read(file, "a key for each option, such as lr: 1e-4");
    Set<String> known =
        command.options().stream()
            .map(OptionSpec::longestName)
            .filter(name -> !CALL.contains(name))
            .map(name -> name.substring(2))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> unknown = new TreeSet<>(document.propertyNames());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new BadInput(
          file
              + ": unknown: "
              + String.join(", ", unknown)
              + "; known are "
              + String.join(", ", known));
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : document.properties()) {
      if (!entry.getValue().isNull()) {
        values.put("--" + entry.getKey(), text(entry.getValue(), file + ": " + entry.getKey()));
      }
    }
    return values;
  }

  /** A list or a map becomes what the command line has for it: parts by comma, {@code a=b}. */
  private static String text(JsonNode value, String where) {
    Stream<String> parts =
        value.isObject()
            ? value.propertyStream().map(e -> e.getKey() + "=" + scalar(e.getValue(), where))
            : value.isArray()
                ? value.valueStream().map(part -> scalar(part, where))
                : Stream.of(scalar(value, where));
    return parts.collect(Collectors.joining(","));
  }

  private static String scalar(JsonNode value, String where) {
    if (!value.isValueNode() || value.isNull()) {
      throw new BadInput(where + ": give a text, a number, a list of these, or names with texts");
    }
    return value.asString();
  }
}
