using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Winnow.Grains.Datasets;
using Winnow.Grains.Training;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Grains.Backup;

/// <summary>
/// Takes from the texts of a backup what is not shown but obeyed: earlier releases let some of it in, and nobody knows who wrote the rest.
/// What decides anything is not changed but checked; this is for what people read. Each change is counted, so that none is made without a
/// word.
/// </summary>
internal sealed partial class BackupCleaner
{
    private const int MaxTitle = 1_000;

    /// <summary>Texts and figures that were changed.</summary>
    public long Changed { get; private set; }

    /// <summary>A text of a person or of a program.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public string? Text(string? text)
    {
        if (text is null || ShownText.IsClean(text)) return text;
        Changed++;
        return ShownText.Clean(text);
    }

    /// <summary>The name of an image, in the form in which images are taken in.</summary>
    public string Name(string name)
    {
        var clean = ImageName.Stored(name);
        if (clean != name) Changed++;
        return clean;
    }

    /// <summary>What people read of the classes. Their names decide, and are checked.</summary>
    public LabelSchema Schema(LabelSchema schema) => schema with { Classes = [.. schema.Classes.Select(c => c is null ? c! : Class(c))] };

    /// <summary>What a person said.</summary>
    public HistoryEntry Entry(HistoryEntry entry)
    {
        var said = entry.Decision;
        var elapsed = said.ElapsedMilliseconds;
        if (elapsed < 0)
        {
            Changed++;
            elapsed = null;
        }
        return entry with
        {
            Decision = said with
            {
                Comment = Text(said.Comment),
                ElapsedMilliseconds = elapsed,
                Annotations = [.. said.Annotations.Select(Annotation)]
            }
        };
    }

    /// <summary>Notes and reasons.</summary>
    public void State(DatasetState state)
    {
        foreach (var version in state.Versions)
            if (version?.Version is { } made) version.Version = made with { Note = Text(made.Note) };
        foreach (var schema in state.Schemas)
            if (schema?.Version is { Schema.Classes: not null, Changes: not null } made)
                schema.Version = made with { Schema = Schema(made.Schema), Changes = [.. made.Changes.Select(Change)] };
        foreach (var round in state.Rounds)
            if (round?.Ended is { } ended) round.Ended = Round(ended);
    }

    /// <summary>The reason of a round.</summary>
    public void State(RoundState state) => state.Reason = Text(state.Reason);

    private RoundInfo Round(RoundInfo round) => round with { Reason = Text(round.Reason) };

    private Annotation Annotation(Annotation annotation) => annotation is TextAnnotation { Text: { } text } region
        ? region with { Text = Text(text) } : annotation;

    private SchemaChange Change(SchemaChange change) => change switch
    {
        RetitleClass { Title: not null } retitled => retitled with { Title = Text(retitled.Title) },
        AddClass { Class: { } added } => new AddClass(Class(added)),
        _ => change,
    };

    private LabelClass Class(LabelClass c)
    {
        var (title, color) = (Text(c.Title), c.Color);
        if (title?.Length > MaxTitle)
        {
            Changed++;
            title = null;
        }
        if (color is not null && !Colour().IsMatch(color))
        {
            Changed++;
            color = null;
        }
        return c with { Title = title, Color = color };
    }

    // A word, #hex or a function of numbers: it is put into style sheets.
    [GeneratedRegex(@"\A[A-Za-z0-9#(),.%/ -]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Colour();
}
