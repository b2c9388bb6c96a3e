//! Pictures of figures.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

/// Pixels.
const SIZE: (u32, u32) = (760, 400);
const FONT: (&str, i32) = ("sans-serif", 15);
const NAMES: u32 = 260;
const COLOURS: [RGBColor; 4] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 102, 20),
    RGBColor(44, 140, 60),
    RGBColor(120, 90, 160),
];

/// A picture.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The file's, without its ending.
    pub name: String,
    /// Above it.
    pub title: String,
    /// Of the figures.
    pub unit: String,
    /// The figures.
    pub shape: Shape,
}

/// What figures look like.
#[derive(Clone, Debug)]
pub enum Shape {
    /// One bar for each name.
    Bars(Vec<(String, f64)>),
    /// Lines over numbers.
    Lines {
        /// What the numbers are.
        along: String,
        /// Whether each step multiplies.
        logarithmic: bool,
        /// The lines.
        lines: Vec<Line>,
    },
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Where it passes.
    pub points: Vec<(f64, f64)>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

impl Plot {
    /// Into a directory.
    pub fn draw(&self, directory: &Path) -> Result<()> {
        let mut text = String::new();
        {
            let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
            area.fill(&WHITE)?;
            match &self.shape {
                Shape::Bars(bars) => self.bars(&area, bars)?,
                Shape::Lines {
                    along,
                    logarithmic,
                    lines,
                } => {
                    let numbers = lines.iter().flat_map(|line| &line.points);
                    let first = numbers
                        .clone()
                        .map(|point| point.0)
                        .fold(f64::MAX, f64::min);
                    let last = numbers.map(|point| point.0).fold(first, f64::max);
                    if *logarithmic {
                        self.lines(&area, (first..last).log_scale(), along, lines)?;
                    } else {
                        self.lines(&area, first..last, along, lines)?;
                    }
                }
            }
            area.present()?;
        }
        let file = directory.join(format!("{}.svg", self.name));
        fs::write(&file, text).with_context(|| file.display().to_string())
    }

    /// Where a document beside the directory `plots` shows it.
    pub fn markdown(&self) -> String {
        format!("![{}](plots/{}.svg)", self.title, self.name)
    }

    fn bars(&self, area: &Area<'_>, bars: &[(String, f64)]) -> Result<()> {
        let most = bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
        let count = i32::try_from(bars.len())?;
        let name = |place: &SegmentValue<i32>| match place {
            SegmentValue::CenterOf(place) => {
                let bar = usize::try_from(count - 1 - place).ok();
                bar.and_then(|bar| bars.get(bar))
                    .map_or_else(String::new, |bar| bar.0.clone())
            }
            _ => String::new(),
        };
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, FONT)
            .margin(10)
            .margin_right(40)
            .x_label_area_size(40)
            .y_label_area_size(NAMES)
            .build_cartesian_2d(0.0..most * 1.05, (0..count - 1).into_segmented())?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|number| format!("{number:.0}"))
            .y_labels(bars.len() + 1)
            .y_label_formatter(&name)
            .x_desc(&self.unit)
            .draw()?;
        let [colour, ..] = COLOURS;
        let places = (0..count).rev().zip(bars);
        chart.draw_series(places.map(|(place, (_, figure))| {
            let corners = [
                (0.0, SegmentValue::Exact(place)),
                (*figure, SegmentValue::Exact(place + 1)),
            ];
            let mut bar = Rectangle::new(corners, colour.filled());
            bar.set_margin(4, 4, 0, 0);
            bar
        }))?;
        Ok(())
    }

    fn lines<X>(&self, area: &Area<'_>, along: X, name: &str, lines: &[Line]) -> Result<()>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
    {
        let figures = lines.iter().flat_map(|line| &line.points);
        let most = figures.map(|point| point.1).fold(1.0, f64::max);
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, FONT)
            .margin(10)
            .margin_right(40)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(along, 0.0..most * 1.1)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|number| format!("{number:.0}"))
            .x_desc(name)
            .y_desc(&self.unit)
            .draw()?;
        for (line, colour) in lines.iter().zip(COLOURS) {
            let stroke = colour.stroke_width(2);
            chart
                .draw_series(LineSeries::new(line.points.clone(), stroke).point_size(3))?
                .label(&line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], stroke));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE)
            .border_style(BLACK)
            .draw()
            .map_err(|error| anyhow!("{error}"))
    }
}
