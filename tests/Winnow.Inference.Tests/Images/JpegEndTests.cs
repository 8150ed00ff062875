using Winnow.Inference.Images;

namespace Winnow.Inference.Tests.Images;

/// <summary>JPEG files that are not quite as the standard has them: taken when every pixel is there, refused when one is missing.</summary>
public sealed class JpegEndTests
{
    private const int Side = 32;

    private static readonly byte[] Trailer = [0, 0, 1, 10, .. "SEFT"u8, .. new byte[20], 0x42];

    public static TheoryData<string> Layouts() =>
    [
        "plain", "half-chroma", "grey", "restarts", "block-restarts", "apart", "apart-restarts", "optimal",
        "progressive", "progressive-restarts", "progressive-grey", "cmyk-progressive",
    ];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_missing_end_marker_changes_nothing_where_all_pixels_are_there(string layout)
    {
        var file = TestImages.Fixture($"busy-{layout}.jpg");
        var whole = TestImages.Tensor(file, Side);
        var small = TestImages.Encode(8, 8, (_, _) => (1, 2, 3), SkiaSharp.SKEncodedImageFormat.Jpeg);
        var smallCopy = ExifFiles.App1([.. ExifFiles.Tiff(1), .. small]);
        byte[][] variants =
        [
            file[..^2], file[..^1],
            [.. file[..^2], .. new byte[5_000]], [.. file[..^2], .. Trailer], [.. file[..^2], .. new byte[3], .. Trailer],
            // The end marker of the small copy in the EXIF data is not the picture's.
            ExifFiles.Jpeg(file[..^2], smallCopy), [.. file, .. new byte[5_000]], [.. file, .. file],
        ];
        foreach (var variant in variants)
            Assert.Equal(whole, TestImages.Tensor(variant, Side));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_file_that_lacks_one_coded_byte_or_more_is_refused(string layout)
    {
        var file = TestImages.Fixture($"busy-{layout}.jpg");
        for (var missing = 3; missing < file.Length; missing++)
        {
            Assert.NotEmpty(TestImages.Refusal(file[..^missing]));
            // Laid out on the disk before it was fetched: the rest is zeros.
            if (missing > 50)
                Assert.NotEmpty(TestImages.Refusal([.. file[..^missing], .. new byte[missing]]));
        }
        Assert.Contains("cut off", TestImages.Refusal(file[..(file.Length * 3 / 4)]));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Damaged_coded_data_without_an_end_marker_are_judged_without_a_throw(string layout)
    {
        var file = TestImages.Fixture($"busy-{layout}.jpg")[..^2];
        var chw = new float[3 * 16 * 16];
        for (var at = 2; at < file.Length; at++)
        {
            var damaged = (byte[])file.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            if (!TestImages.Decoder.TryDecodeToTensor(damaged, chw, 16, Normalisation.Bytes, out var reason))
                Assert.True(reason.Length > 10, layout);
        }
    }

    [Fact]
    public void A_walk_through_coded_data_keeps_to_its_time()
    {
        using var hurried = new ImageDecoder(new ImageLimits { MaxDecodeTime = TimeSpan.FromSeconds(3) }, new RushingClock());
        var file = TestImages.Encode(600, 500, (x, y) => ((byte)(x ^ y), (byte)x, (byte)y), SkiaSharp.SKEncodedImageFormat.Jpeg);
        Assert.Contains("took longer than 3 s", TestImages.Refusal(file[..^2], hurried));
    }

    [Theory]
    [InlineData(0xdb)]
    [InlineData(0xc0)]
    [InlineData(0xc4)]
    [InlineData(0xda)]
    public void Bytes_between_segments_that_are_none_are_passed_over(byte marker)
    {
        var file = TestImages.Fixture("busy-plain.jpg");
        var whole = TestImages.Tensor(file, Side);
        byte[][] strays =
            [[0], [0, 0, 0], [0xff], [0xff, 0xff, 0xff], [.. "junk"u8, 0xff, 0, 0xff, 0xff], new byte[70_000], [1, 0xff, 0xd0, 2]];
        foreach (var stray in strays)
            Assert.Equal(whole, TestImages.Tensor(ExifFiles.Before(file, marker, stray), Side));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Bytes_right_behind_the_start_marker_are_passed_over_where_all_pixels_are_there(string layout)
    {
        var file = TestImages.Fixture($"busy-{layout}.jpg");
        var whole = TestImages.Tensor(file, Side);
        byte[][] strays =
        [
            [0], [0, 0, 0], "\r\n"u8.ToArray(), [.. "junk"u8, 0xff, 0, 0xff, 0xff], [0xd8],
            [0, 0xff, 0xd8], [0xff, 0xd8], new byte[70_000], [1, 0xff, 0xd0, 2],
        ];
        foreach (var stray in strays)
        {
            byte[] With(byte[] rest) => [0xff, 0xd8, .. stray, .. rest];
            Assert.Equal(whole, TestImages.Tensor(With(file[2..]), Side));
            Assert.Equal(whole, TestImages.Tensor(With(file[2..^2]), Side));
            Assert.Contains("cut off", TestImages.Refusal(With(file[2..(file.Length * 3 / 4)])));
        }
    }

    [Fact]
    public void A_picture_behind_stray_bytes_lies_as_its_orientation_says()
    {
        var turned = ExifFiles.Jpeg(TestImages.Fixture("busy-plain.jpg"), ExifFiles.App1(ExifFiles.Tiff(6)));
        Assert.Equal(TestImages.Tensor(turned, Side), TestImages.Tensor([0xff, 0xd8, 0, 1, 2, .. turned[2..]], Side));
    }

    [Fact]
    public void Two_bytes_of_a_start_marker_make_no_picture()
    {
        byte[][] others =
            [[0xff, 0xd8], [0xff, 0xd8, 0], [0xff, 0xd8, .. new byte[5_000]], [0xff, 0xd8, 1, 0xff, 0xd9], [0xff, 0xd8, .. "{\"a\": 1}"u8]];
        foreach (var other in others)
            Assert.DoesNotContain("jpeg", TestImages.Refusal(other));
    }

    [Fact]
    public void Rare_kinds_are_named()
    {
        var file = TestImages.Fixture("busy-plain.jpg");
        var frame = file.AsSpan().IndexOf<byte>([0xff, 0xc0]);
        byte[] Changed(int at, byte value)
        {
            var changed = (byte[])file.Clone();
            changed[frame + at] = value;
            return changed;
        }

        var noHeight = Changed(5, 0);
        noHeight[frame + 6] = 0;
        Assert.Contains("DNL", TestImages.Refusal(noHeight));
        Assert.Contains("SOF9", TestImages.Refusal(Changed(1, 0xc9)));
        Assert.Contains("SOF3", TestImages.Refusal(Changed(1, 0xc3)));
        Assert.Contains("12 bits", TestImages.Refusal(Changed(4, 12)));
        byte[] lossless = [0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0, 0xff, 0xda, .. new byte[40]];
        Assert.Contains("JPEG-LS", TestImages.Refusal(lossless));
    }
}
