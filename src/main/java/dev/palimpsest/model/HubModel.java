package dev.palimpsest.model;

import dev.palimpsest.run.AtomicFile;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.EnvironmentFailure;
import dev.palimpsest.run.FolderManifest;
import dev.palimpsest.run.FreeSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * A model repository of the hub in the cache: a folder per commit, and a small file per branch or
 * tag that says which commit it was when last asked. What is fetched lies in {@code COMMIT.partial}
 * until all is there, so that a later try goes on.
 */
final class HubModel {
  private static final Pattern WANTED =
      Pattern.compile(
          "config\\.json|generation_config\\.json|tokenizer\\.json|tokenizer_config\\.json"
              + "|special_tokens_map\\.json|added_tokens\\.json|vocab\\.json|merges\\.txt"
              + "|tokenizer\\.model|chat_template\\.(jinja|json)|model\\.safetensors\\.index\\.json"
              + "|LICENSE(\\.(txt|md))?");
  private static final Pattern WEIGHTS = Pattern.compile("model(-\\d{5}-of-\\d{5})?\\.safetensors");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{7,64}");

  private final PullCache cache;

  HubModel(PullCache cache) {
    this.cache = cache;
  }

  /** The folder of the commit that the revision was when last asked. */
  Optional<Path> known(PullSource.Hub source) {
    Path ref = ref(source);
    try {
      return Files.isRegularFile(ref)
          ? Optional.of(folder(source, Files.readString(ref).strip()))
          : Optional.empty();
    } catch (IOException e) {
      throw EnvironmentFailure.of(ref + ": cannot be read", e);
    }
  }

  /**
   * Asks the hub for the revision's commit and fetches what the cache lacks.
   *
   * @throws HubClient.Unreachable if nobody answers
   */
  PullCache.Kept fetch(PullSource.Hub source, HubClient client) throws HubClient.Unreachable {
    JsonNode about = client.repository(source);
    String commit = about.path("sha").asString("");
    if (!COMMIT.matcher(commit).matches()) {
      throw new EnvironmentFailure("hf:" + source.repository() + ": the hub names no commit");
    }
    Path folder = folder(source, commit);
    Optional<PullCache.Kept> kept = cache.read(folder);
    PullCache.Kept whole = kept.isPresent() ? kept.get() : fill(source, client, about, folder);
    AtomicFile.write(ref(source), commit + "\n");
    return whole;
  }

  private PullCache.Kept fill(PullSource.Hub source, HubClient client, JsonNode about, Path folder)
      throws HubClient.Unreachable {
    String commit = String.valueOf(folder.getFileName());
    List<HubFile> files = wanted(source, about);
    Path partial = folder.resolveSibling(commit + ".partial");
    FreeSpace.require(partial, missingBytes(files, partial), "hf:" + source.repository());
    try {
      Files.createDirectories(partial);
      for (HubFile file : files) {
        client.fetch(source, commit, file, partial);
      }
      Map<String, String> origin = new HashMap<>();
      origin.put("source", "hf:" + source.repository() + "@" + commit);
      JsonNode license = about.path("cardData").path("license");
      if (license.isString()) {
        origin.put("license", license.asString());
      }
      return cache.adopt(partial, folder, origin);
    } catch (HubClient.Unreachable e) {
      throw e;
    } catch (IOException e) {
      throw EnvironmentFailure.of(partial + ": cannot be written", e);
    }
  }

  private static List<HubFile> wanted(PullSource.Hub source, JsonNode about) {
    List<HubFile> files = new ArrayList<>();
    boolean weights = false;
    boolean config = false;
    for (JsonNode sibling : about.path("siblings")) {
      String name = sibling.path("rfilename").asString("");
      boolean isWeight = WEIGHTS.matcher(name).matches();
      if (isWeight || WANTED.matcher(name).matches()) {
        files.add(file(source, sibling, name));
      }
      weights |= isWeight;
      config |= name.equals("config.json");
    }
    if (!weights || !config) {
      throw new BadInput(
          "hf:"
              + source.repository()
              + ": no model in the Hugging Face layout: it lacks "
              + (config ? "model*.safetensors" : "config.json")
              + (weights || !config ? "" : "; a .gguf file is loaded by its path once downloaded"));
    }
    return files;
  }

  private static HubFile file(PullSource.Hub source, JsonNode sibling, String name) {
    String lfs = sibling.path("lfs").path("sha256").asString("");
    String blob = sibling.path("blobId").asString("");
    if (!sibling.path("size").isIntegralNumber() || (lfs.isEmpty() && blob.isEmpty())) {
      throw new EnvironmentFailure(
          "hf:" + source.repository() + ": the hub tells no size or digest of " + name);
    }
    return new HubFile(
        name,
        sibling.path("size").asLong(),
        lfs.isEmpty() ? HubFile.Algorithm.GIT_BLOB : HubFile.Algorithm.SHA256,
        lfs.isEmpty() ? blob : lfs);
  }

  private static long missingBytes(List<HubFile> files, Path partial) {
    return files.stream()
        .filter(file -> !Files.exists(partial.resolve(file.name())))
        .mapToLong(HubFile::bytes)
        .sum();
  }

  private Path folder(PullSource.Hub source, String commit) {
    return cache.folder("hub", source.repository().replace("/", "--")).resolve(commit);
  }

  private Path ref(PullSource.Hub source) {
    String name = source.revision().replace("/", "%2F");
    return cache
        .folder("hub", source.repository().replace("/", "--"))
        .resolve("refs")
        .resolve(name);
  }

  /** The lines that a folder's hash is taken over. */
  static String listing(List<FolderManifest.Entry> files) {
    StringBuilder lines = new StringBuilder();
    files.stream()
        .sorted((a, b) -> a.name().compareTo(b.name()))
        .forEach(f -> lines.append(f.sha256()).append("  ").append(f.name()).append('\n'));
    return lines.toString();
  }
}
