using System.Text;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Adapters.Tests.Names;

/// <summary>Files of labels as programs and people write them: read as they are meant, or refused with the line that is wrong.</summary>
public sealed class LabelFileTests : IDisposable
{
    private static readonly LabelSchema Schema = new()
    {
        Classes = [new("cat"), new("dog"), new("cat, big"), new("Caf\u00E9"), new("m\u00FCde")],
    };
    private static readonly ImageId First = ImageId.Of("first"u8);
    private static readonly ImageId Second = ImageId.Of("second"u8);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-labels-");

    public void Dispose() => _folder.Delete(recursive: true);

    private static LabelFile Read(string text) => LabelFile.Parse(Encoding.UTF8.GetBytes(text), "labels.csv", Schema);

    private static string? Of(LabelFile labels, string name) => labels.ClassOf(default, name);

    [Theory]
    [InlineData("a/1.png,cat\nb/2.png,dog")]
    [InlineData("a/1.png,cat\r\nb/2.png,dog\r\n")]
    [InlineData("a/1.png,cat\rb/2.png,dog\r")]
    [InlineData("\"a/1.png\",\"cat\"\n\"b/2.png\",\"dog\"\n")]
    [InlineData("a/1.png,\"cat\"\nb/2.png,\"dog\"\n\n\n")]
    [InlineData("\n\na/1.png,cat\n\n,\n  \nb/2.png,dog\n")]
    [InlineData("a/1.png;cat\nb/2.png;dog\n")]
    [InlineData("a/1.png\tcat\nb/2.png\tdog\n")]
    [InlineData("a/1.png|cat\nb/2.png|dog\n")]
    [InlineData("a/1.png, cat\nb/2.png ,  dog \n")]
    [InlineData("sep=;\na/1.png;cat\nb/2.png;dog\n")]
    [InlineData("sep=\t\r\na/1.png\tcat\r\nb/2.png\tdog\r\n")]
    [InlineData("name,class\na/1.png,cat\nb/2.png,dog\n")]
    [InlineData("Class;File Name\ncat;a/1.png\ndog;b/2.png\n")]
    [InlineData("width,label,image_path,height\n28,cat,a/1.png,30\n28,dog,b/2.png,30\n")]
    [InlineData("id,file,category\n1,a/1.png,cat\n2,b/2.png,dog\n")]
    [InlineData("# labels of June, by \"hand\"\n# twice\nname,label\na/1.png,cat\n# b comes late, dog too\nb/2.png,dog\n")]
    [InlineData("#labels;by;hand\na/1.png;cat\nb/2.png;dog\n")]
    [InlineData("./a/1.png,cat\n.\\b\\2.png,dog\n")]
    [InlineData("a/1.png,cat,\nb/2.png,dog,,\n")]
    [InlineData("a/1.png,cat\na/1.png,cat\nb/2.png,dog\n")]
    [InlineData("a/1.png,cat\nb/2.png,dog\nc/3.png,\n")]
    public void However_it_is_written_it_says_the_same(string text)
    {
        var labels = Read(text);
        Assert.Equal(("cat", "dog", null, 2), (Of(labels, "a/1.png"), Of(labels, "b/2.png"), Of(labels, "c/3.png"), labels.Rows));
    }

    public static TheoryData<string, string> Encodings => new()
    {
        { "utf-8", "UTF-8" }, { "utf-8-bom", "UTF-8" }, { "utf-16", "UTF-16" }, { "utf-16BE", "UTF-16BE" }, { "utf-32", "UTF-32" },
        { "utf-16-unmarked", "UTF-16" }, { "utf-16BE-unmarked", "UTF-16BE" }, { "windows-1252", "WINDOWS-1252" },
            { "latin1", "WINDOWS-1252" },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Whatever_encoding_it_has_it_says_the_same(string written, string read)
    {
        const string Text = "m\u00FCde/1.png;m\u00FCde\r\nCaf\u00E9/2.png;Caf\u00E9\r\nplain/3.png;dog\r\n";
        byte[] bytes = written switch
        {
            "utf-8" => Encoding.UTF8.GetBytes(Text),
            "utf-8-bom" => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Text)],
            "utf-16-unmarked" => Encoding.Unicode.GetBytes(Text),
            "utf-16BE-unmarked" => Encoding.BigEndianUnicode.GetBytes(Text),
            "windows-1252" => CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetBytes(Text + "\u20AC/4.png;cat\r\n"),
            "latin1" => Encoding.Latin1.GetBytes(Text),
            _ => [.. Encoding.GetEncoding(written).Preamble, .. Encoding.GetEncoding(written).GetBytes(Text)],
        };
        var labels = LabelFile.Parse(bytes, "labels.csv", Schema);
        Assert.Equal(("m\u00FCde", "Caf\u00E9", "dog", read),
            (Of(labels, "m\u00FCde/1.png"), Of(labels, "Caf\u00E9/2.png"), Of(labels, "plain/3.png"), labels.Encoding.ToUpperInvariant()));
        if (written == "windows-1252") Assert.Equal("cat", Of(labels, "\u20AC/4.png"));
    }

    [Fact]
    public void Names_hold_commas_quotes_and_apostrophes_and_are_the_same_in_any_form()
    {
        var labels = Read("\"cat, big/1.png\",\"cat, big\"\n\"5\"\" disk.png\",dog\n5\" other.png,cat\n"
            + "Cafe\u0301/1.png,Cafe\u0301\n#1.png,dog\n'=1.png,cat\n''tis.png,dog\n");
        Assert.Equal(("cat, big", "dog", "cat"), (Of(labels, "cat, big/1.png"), Of(labels, "5\" disk.png"), Of(labels, "5\" other.png")));
        Assert.Equal(("Caf\u00E9", "Caf\u00E9", "dog"),
            (Of(labels, "Caf\u00E9/1.png"), Of(labels, "Cafe\u0301/1.png"), Of(labels, "#1.png")));
        Assert.Equal(("cat", "dog", 0), (Of(labels, "=1.png"), Of(labels, "''tis.png"), labels.Comments));
    }

    [Fact]
    public void Ids_go_before_names_and_a_name_of_two_images_names_none()
    {
        var third = ImageId.Of("third"u8);
        var labels = Read($"id,name,label,history_version\n{First},1.png,cat,1\n{Second},1.png,dog,1\n{third},'=3.png,cat,0\n");
        Assert.Equal(("cat", "dog", null), (labels.ClassOf(First, "1.png"), labels.ClassOf(Second, "renamed.png"), Of(labels, "1.png")));
        Assert.Equal("cat", Of(labels, "=3.png"));
    }

    [Theory]
    [InlineData("a.png,cat\nb.png,cta\nc.png,cta\n", "'cta' (line 2 and 1 more; is 'cat' meant?)")]
    [InlineData("a.png,cat\nb.png,Dog\n", "'Dog' (line 2; is 'dog' meant?)")]
    [InlineData("picture,breed\na.png,cat\n",
        "'breed' (line 1). It has cat, dog, cat, big, Caf\u00E9, m\u00FCde. If line 1 is a header, call its columns 'name' and 'class'.")]
    [InlineData("a.png,cat\nb.png,dog\na.png,dog\n", "line 1 says 'cat' and line 3 'dog' of a.png")]
    [InlineData("Cafe\u0301.png,cat\n./Caf\u00E9.png,dog\n", "line 1 says 'cat' and line 2 'dog' of ./Caf\u00E9.png")]
    [InlineData("a.png,cat\n\n\"b.png,dog\nc.png,cat\n", "line 3: a quote opens here and is never closed.")]
    [InlineData("a.png,cat\n\"b.png,dog\nc.png\",cat\n", "line 2: a quote opens here and is closed only lines below, behind 'b.png,dog'")]
    [InlineData("name,label,notes\na.png,cat,\"left\nb.png,dog,\"\nc.png,cat,\n",
        "line 2: a quote opens here and is closed only lines below, behind 'b.png,dog,'")]
    [InlineData("name,label,Label\na.png,cat,dog\n", "line 1: 2 columns could be the label: 'label' (column 2) and 'Label' (column 3).")]
    [InlineData("class;name;label\ncat;a.png;dog\n", "line 1: 2 columns could be the label: 'class' (column 1) and 'label' (column 3).")]
    [InlineData("file,file,label\na.png,b.png,dog\n", "line 1: 2 columns could be the name: 'file' (column 1) and 'file' (column 2).")]
    [InlineData("a.png,cat\n\"b\".png,dog\n", "line 2: text follows a closing quote")]
    [InlineData("a.png,cat\nb, c.png,dog\n", "line 2: there are 3 fields. Expected name,class; put a name with ',' into quotes")]
    [InlineData("a.png,cat\nb.png\n", "line 2: there is one field and no class: 'b.png'")]
    [InlineData("a.png,cat\n,dog\n", "line 2: no image is named.")]
    [InlineData("name,size,label\na.png,5,cat\nb.png,5\n", "line 3: the row ends before the column of the class")]
    [InlineData("a.png,\nb.png,\n", "gives no image a class: 2 rows have an empty one.")]
    [InlineData("", "is empty")]
    [InlineData("\n \n", "is empty")]
    [InlineData("name,class\n", "is empty")]
    [InlineData("PK\u0003\u0004rest of a spreadsheet", "is a spreadsheet or an archive")]
    [InlineData("\0\u0001\0\0binary\0", "is no text")]
    public void What_is_wrong_is_told_with_its_line(string text, string why)
    {
        var wrong = Assert.Throws<InvalidDataException>(() => Read(text));
        Assert.StartsWith("labels.csv", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_in_quotes_may_have_several_lines()
    {
        var labels = Read("name,label,notes\na.png,cat,\"seen twice,\nonce by day\r\n\r\nand, once, by night\"\n\"b\nc.png\",dog,\n");
        Assert.Equal(("cat", "dog", 2), (Of(labels, "a.png"), Of(labels, "b%0Ac.png"), labels.Rows));
        var names = Read("\"b\nc.png\",cat\nd.png,dog\n");
        Assert.Equal(("cat", "dog"), (Of(names, "b%0Ac.png"), Of(names, "d.png")));
    }

    [Fact]
    public async Task A_row_means_the_image_whose_name_is_nearest_and_no_other()
    {
        var rows = $"\"a\nb.png\",cat\nab.png,dog\n lead.png,cat\n\"trail.png \",dog\na\\b.png,cat\n./c\\d.png,dog\n \u202Ee.png,cat\n"
            + $"f%0Ag.png,dog\n{Long("h")}.png,cat\n{Long("i")}.png,dog\n/k.png,cat\n";
        var labels = Read(rows);
        (string File, string? Class)[] images =
        [
            ("a\nb.png", "cat"), ("ab.png", "dog"), (" lead.png", "cat"), ("lead.png", null), ("trail.png ", "dog"), ("trail.png", null),
            ("a%5Cb.png", "cat"), ("a/b.png", null), ("c/d.png", "dog"), (" \u202Ee.png", "cat"), ("e.png", null),
            ("f%0Ag.png", "dog"), ("f\ng.png", null), ($"{Long("h")}.png", "cat"), ($"{Long("i")}.png", "dog"), ($"{Long("j")}.png", null),
            ("/k.png", "cat"), ("k.png", null),
        ];
        var match = await labels.MatchAsync(
            Images([.. images.Reverse().Select(i => (ImageName.Kept(i.File), Partition.Pool, Stage.Scored))]));
        Assert.Equal((18L, 7L, 0L, 0L), (match.Images, match.ImagesWithoutRow, match.RowsWithoutImage, match.AmbiguousRows));
        foreach (var (file, expected) in images) Assert.Equal((file, expected), (file, Of(labels, ImageName.Kept(file))));

        static string Long(string first) => first + string.Concat(Enumerable.Repeat("/" + new string('x', 200), 18));
    }

    [Fact]
    public async Task A_row_that_fits_several_images_labels_none()
    {
        var labels = Read("x.png,cat\ny.png,dog\nCafe\u0301.png,cat\nz.png,cat\n");
        var match = await labels.MatchAsync(Stored(("x.png", Partition.Pool, Stage.Scored), ("x.png", Partition.Holdout, Stage.Scored),
            ("y.png", Partition.Pool, Stage.Scored), ("y.png", Partition.Pool, Stage.Quarantined),
            ("Caf\u00E9.png", Partition.Pool, Stage.Scored), ("Cafe\u0301.png", Partition.Pool, Stage.Scored)));
        Assert.Equal((2L, 1L, 5L - 1), (match.AmbiguousRows, match.RowsWithoutImage, match.Images));
        Assert.Equal(["x.png", "Cafe\u0301.png"], match.AmbiguousSamples.Select(a => a.Row.Name));
        Assert.All(match.AmbiguousSamples, a => Assert.Equal((2L, 2), (a.Images, a.Samples.Distinct().Count())));
        Assert.Equal((null, "dog", null), (Of(labels, "x.png"), Of(labels, "y.png"), Of(labels, "Caf\u00E9.png")));
    }

    private static async IAsyncEnumerable<ImageSummary> Stored(params (string Name, Partition Partition, Stage Stage)[] images)
    {
        for (var i = 0; i < images.Length; i++)
        {
            var (name, partition, stage) = images[i];
            yield return new ImageSummary(ImageId.Of(BitConverter.GetBytes(i)), name, stage, partition, null, null);
        }
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_file_that_is_none_is_said_to_be_none()
    {
        var missing = await Assert.ThrowsAnyAsync<IOException>(() => LabelFile.ReadAsync(Path.Combine(_folder.FullName, "none.csv"),
            Schema));
        Assert.Contains("There is no file", missing.Message, StringComparison.Ordinal);
        var folder = await Assert.ThrowsAsync<InvalidDataException>(() => LabelFile.ReadAsync(_folder.FullName, Schema));
        Assert.Contains("is a folder", folder.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_fit_is_counted_and_named()
    {
        var rows = string.Concat(Enumerable.Range(0, 30).Select(i => $"gone/{i}.png,cat\n"));
        var labels = Read($"here/1.png,cat\n{rows}held/3.png,dog\n");
        var match = await labels.MatchAsync(Images(("here/1.png", Partition.Pool, Stage.Scored),
            ("here/2.png", Partition.Pool, Stage.Scored), ("held/3.png", Partition.Holdout, Stage.Scored),
            ("held/4.png", Partition.Holdout, Stage.Scored), ("bad/5.png", Partition.Pool, Stage.Quarantined)));
        Assert.Equal((2L, 1L, 30L, 20), (match.Images, match.ImagesWithoutRow, match.RowsWithoutImage, match.RowSamples.Count));
        Assert.Equal(["here/2.png"], match.ImageSamples);
        Assert.Equal(new LabelRow(2, "gone/0.png"), match.RowSamples[0]);
    }

    private static async IAsyncEnumerable<ImageSummary> Images(params (string Name, Partition Partition, Stage Stage)[] images)
    {
        foreach (var (name, partition, stage) in images)
            yield return new ImageSummary(ImageId.Of(Encoding.UTF8.GetBytes(name)), name, stage, partition, null, null);
        await Task.CompletedTask;
    }
}
